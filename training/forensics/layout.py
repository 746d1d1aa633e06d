"""The shapes of the network's input and outputs, apart from the network so that the pool is made without PyTorch."""

from __future__ import annotations

#: Pixels per side of the input.
SIDE = 160
#: Pixels of the input per field of the map, along each side.
STRIDE = 16
#: Fields per side of the map.
GRID = SIDE // STRIDE
#: The channels of the map, and the totals, in this order.
HEADS = ("blending", "synthesis")
