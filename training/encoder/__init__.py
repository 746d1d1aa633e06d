"""The encoder's probes: what a pretrained image encoder tells about generated and blended faces."""
