"""Which of MediaPipe's 468 mesh points lie where. "Right" and "left" are the person's own."""

from __future__ import annotations

MESH_POINTS = 468

#: The face's outline, from the top of the forehead clockwise as the picture shows it.
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
#: The part of the outline from ear to ear along the jaw.
JAW = OVAL[8:29]

RIGHT_BROW = (107, 66, 105, 63, 70, 46, 53, 52, 65, 55)
LEFT_BROW = (336, 296, 334, 293, 300, 276, 283, 282, 295, 285)

RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
#: Rings a little outside the lids: what a swap of the eyes takes along.
RIGHT_ORBIT = (226, 31, 228, 229, 230, 231, 232, 233, 244, 189, 221, 222, 223, 224, 225, 113)
LEFT_ORBIT = (446, 261, 448, 449, 450, 451, 452, 453, 464, 413, 441, 442, 443, 444, 445, 342)

NOSE = (168, 193, 417, 122, 351, 174, 399, 198, 420, 129, 358, 98, 327, 64, 294, 2, 1, 4, 5, 195, 197, 6)
#: Around the nose on the cheeks and the upper lip: the hull that a swap of the nose covers.
NOSE_HULL = (168, 193, 417, 245, 465, 126, 355, 142, 371, 203, 423, 165, 391, 164, 129, 358)

LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)  # fmt: skip
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
#: Around the mouth, from the base of the nose to above the chin.
MOUTH_HULL = (164, 165, 391, 92, 322, 186, 410, 57, 287, 43, 273, 106, 335, 182, 406, 83, 313, 18, 201, 421)

UPPER_LIP_BOTTOM, LOWER_LIP_TOP = 13, 14
FOREHEAD, CHIN = 10, 152
RIGHT_ZYGION, LEFT_ZYGION = 234, 454

FEATURES = RIGHT_BROW + LEFT_BROW + RIGHT_EYE + LEFT_EYE + NOSE + LIPS
#: Enough points to steer a smooth warp; the whole mesh would make the system ten times as large and no better.
CONTROL = tuple(dict.fromkeys(OVAL[::2] + FEATURES[::2] + NOSE + INNER_LIPS[::4]))
#: Points that an expression hardly moves: what heads are aligned by.
_RIGID = (33, 133, 263, 362, 9, 6, 5, 1, 2, *NOSE, *OVAL[:9], *OVAL[28:], *RIGHT_ORBIT, *LEFT_ORBIT)
RIGID = tuple(dict.fromkeys(_RIGID))
#: Skin that seldom carries a beard, brows or lips: cheeks, bridge of the nose, between the brows.
SKIN = (9, 108, 337, 117, 346, 118, 347, 50, 280, 101, 330, 36, 266, 205, 425, 5, 4, 123, 352)
