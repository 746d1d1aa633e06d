"""Home-made forgeries for training a detector.

Faceward protects people from manipulated pictures of them. Its fusion model can only learn what a manipulated face
looks like next to a genuine one if it sees both, so this package makes manipulated faces out of a training split:
self-blends, swaps, partial swaps, re-synthesis and morphs, each in a file of its own. The output is training material
for the detector and nothing else; see the section about forgeries in `training/README.md`.

    python -m forge --faces extract.jsonl --images DIR --out DIR --seed 7
"""
