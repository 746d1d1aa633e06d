"""The shapes of the network's input and output, apart from the network so that the pool is made without PyTorch."""

from __future__ import annotations

#: Pixels per side of the input.
SIDE = 96
#: The side of the crop in sides of the face's square (`faces.square`).
MARGIN = 1.2
#: Pixels of the input per field of the map that training uses, along each side.
STRIDE = 8
#: Fields per side of that map.
GRID = SIDE // STRIDE
#: The outputs, in this order; right and left are the person's own.
AREAS = ("forehead", "right_eye", "left_eye", "nose", "right_cheek", "left_cheek", "mouth", "chin")
