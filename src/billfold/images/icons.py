"""Shapes for stamps and starter cards, drawn by us in a box of 100 x 100. No trademark, no text, no picture of anybody.

Add one: draw it inside 8 to 92 with vectors.py's parts; tests/images/test_stamps.py checks that it fills its box and is one shape.
May not enter: colours, sizes, places.
"""

import math

from billfold.images.vectors import Shape, bar, box, disc, path

_STAR = "M50 7 L61.8 36.8 L93.7 38.8 L69.1 59.2 L77 90.2 L50 73 L23 90.2 L30.9 59.2 L6.3 38.8 L38.2 36.8 Z"
_HEART = "M50 89 C18 66 7 49 7 33 C7 19 18 10 30 10 C39 10 46 15 50 23 C54 15 61 10 70 10 C82 10 93 19 93 33 C93 49 82 66 50 89 Z"

ICONS: dict[str, Shape] = {
    "cup": (
        disc(72, 53, 17),
        disc(72, 53, 9, cut=True),
        path("M16 36 H74 V62 C74 77 65 85 53 85 H37 C25 85 16 77 16 62 Z"),
        box(12, 87, 66, 6, 3),
        path("M33 29 C27 23 38 18 32 9 L38 9 C45 19 34 23 39 29 Z"),
        path("M50 29 C44 23 55 18 49 9 L55 9 C62 19 51 23 56 29 Z"),
    ),
    "star": (path(_STAR),),
    "heart": (path(_HEART),),
    "check": (bar(18, 52, 41, 75, 15), bar(41, 75, 82, 28, 15)),
    "gift": (
        box(13, 46, 74, 44, 5),
        box(8, 30, 84, 19, 4),
        path("M50 30 C30 31 20 24 24 15 C28 6 44 10 50 28 C56 10 72 6 76 15 C80 24 70 31 50 30 Z"),
        path("M46 26 C35 26 28 22 31 17 C33 14 41 16 46 26 Z", cut=True),
        path("M54 26 C65 26 72 22 69 17 C67 14 59 16 54 26 Z", cut=True),
        box(45.5, 50, 9, 41, cut=True),
        box(8, 49, 84, 3, cut=True),
    ),
    "scissors": (
        disc(25, 24, 17),
        disc(25, 24, 8.5, cut=True),
        disc(25, 76, 17),
        disc(25, 76, 8.5, cut=True),
        path("M34 37 L92 74 C92 82 84 86 77 81 L44 58 L36 64 L30 57 L42 49 Z"),
        path("M34 63 L92 26 C92 18 84 14 77 19 L30 44 L42 51 Z"),
        disc(50, 50, 3.4, cut=True),
    ),
    "paw": (
        path("M50 45 C64 45 79 63 78 77 C77 87 68 91 60 88 C53 85 47 85 40 88 C32 91 23 87 22 77 C21 63 36 45 50 45 Z"),
        path("M36 10 C44 10 47 20 46 28 C45 36 39 41 33 39 C27 37 24 28 26 20 C28 13 31 10 36 10 Z"),
        path("M64 10 C56 10 53 20 54 28 C55 36 61 41 67 39 C73 37 76 28 74 20 C72 13 69 10 64 10 Z"),
        path("M11 34 C18 30 25 38 27 46 C29 54 26 61 20 61 C14 61 8 54 7 46 C6 40 8 36 11 34 Z"),
        path("M89 34 C82 30 75 38 73 46 C71 54 74 61 80 61 C86 61 92 54 93 46 C94 40 92 36 89 34 Z"),
    ),
    "car": (
        path("M24 47 L33 28 C35 24 38 22 43 22 H60 C65 22 68 24 70 28 L79 47 Z"),
        path("M34 45 L40 31 C41 29 42 28 44 28 H49 V45 Z", cut=True),
        path("M55 45 V28 H59 C61 28 63 29 64 31 L70 45 Z", cut=True),
        box(8, 45, 84, 27, 9),
        disc(28, 73, 13, cut=True),
        disc(72, 73, 13, cut=True),
        disc(28, 73, 9.5),
        disc(72, 73, 9.5),
        box(12, 52, 10, 6, 3, cut=True),
        box(78, 52, 10, 6, 3, cut=True),
    ),
    "leaf": (
        path("M20 76 C6 42 36 12 91 10 C94 62 66 92 30 80 Z"),
        path("M24 79 C34 58 50 42 72 29 C54 46 40 62 31 81 Z", cut=True),
        bar(15, 89, 27, 73, 6.5),
    ),
    "flower": (
        disc(50, 24, 17),
        disc(75, 42, 17),
        disc(65.5, 71, 17),
        disc(34.5, 71, 17),
        disc(25, 42, 17),
        disc(50, 50, 21),
        disc(50, 50, 12, cut=True),
        disc(50, 50, 6.5),
    ),
    "pizza": (
        path("M50 94 L11 26 C34 8 66 8 89 26 Z"),
        path("M16.5 30 C36 16 64 16 83.5 30 L80.5 35 C62 22 38 22 19.5 35 Z", cut=True),
        disc(41, 42, 7, cut=True),
        disc(61, 46, 7, cut=True),
        disc(49, 65, 6.5, cut=True),
    ),
    "burger": (
        path("M12 42 C12 22 28 12 50 12 C72 12 88 22 88 42 C88 44 87 45 85 45 H15 C13 45 12 44 12 42 Z"),
        disc(36, 29, 3, cut=True),
        disc(52, 24, 3, cut=True),
        disc(67, 31, 3, cut=True),
        path("M10 51 H90 C93 51 93 61 86 60 C80 59 80 64 74 64 C67 64 67 59 60 60 C53 61 55 66 48 65 C42 64 42 59 35 60 "
             "C28 61 28 65 22 64 C16 63 18 59 13 60 C7 60 7 51 10 51 Z"),
        path("M12 69 H88 V74 C88 82 83 87 75 87 H25 C17 87 12 82 12 74 Z"),
    ),
    "icecream": (
        disc(50, 31, 22),
        disc(33, 44, 11),
        disc(67, 44, 11),
        box(24, 40, 52, 13, 6),
        path("M27 57 H73 L54 92 C52 95 48 95 46 92 Z"),
    ),
    "drop": (
        path("M50 7 C50 7 82 45 82 64 C82 81 68 93 50 93 C32 93 18 81 18 64 C18 45 50 7 50 7 Z"),
        path("M30 62 C30 75 39 83 50 84 C43 79 38 72 38 62 C38 59 30 58 30 62 Z", cut=True),
    ),
    "dumbbell": (
        box(28, 44, 44, 12, 2),
        box(20, 24, 15, 52, 6),
        box(65, 24, 15, 52, 6),
        box(8, 33, 9, 34, 4.5),
        box(83, 33, 9, 34, 4.5),
    ),
    "flame": (
        path("M52 6 C56 24 82 38 82 64 C82 81 68 94 50 94 C32 94 18 81 18 64 C18 49 26 40 33 31 C35 41 38 46 44 48 "
             "C40 31 43 17 52 6 Z"),
        path("M51 55 C54 63 64 67 64 77 C64 85 58 89 50 89 C42 89 36 85 36 77 C36 70 40 67 43 62 C45 66 46 68 49 69 "
             "C48 64 49 59 51 55 Z", cut=True),
    ),
    "book": (
        path("M8 19 C22 14 37 15 47 22 V86 C37 79 22 78 8 83 Z"),
        path("M92 19 C78 14 63 15 53 22 V86 C63 79 78 78 92 83 Z"),
    ),
    "bike": (
        disc(25, 64, 20),
        disc(25, 64, 14, cut=True),
        disc(75, 64, 20),
        disc(75, 64, 14, cut=True),
        bar(25, 64, 40, 38, 5.5),
        bar(40, 38, 66, 38, 5.5),
        bar(25, 64, 49, 64, 5.5),
        bar(49, 64, 67, 38, 5.5),
        bar(38, 32, 49, 64, 5.5),
        bar(75, 64, 63, 26, 5.5),
        bar(63, 26, 73, 26, 5.5),
        bar(31, 31, 44, 31, 6),
    ),
    "camera": (
        path("M32 29 L37 20 C38 18 40 17 42 17 H58 C60 17 62 18 63 20 L68 29 Z"),
        box(8, 27, 84, 56, 10),
        disc(50, 55, 21, cut=True),
        disc(50, 55, 14),
        disc(80, 38, 3.6, cut=True),
    ),
    "bag": (
        path("M34 42 V30 C34 17 41 9 50 9 C59 9 66 17 66 30 V42 L59 42 V30 C59 21 55 16 50 16 C45 16 41 21 41 30 V42 Z"),
        path("M19 34 H81 L87 84 C87.6 89 85 92 80 92 H20 C15 92 12.4 89 13 84 Z"),
        disc(37.5, 45, 4, cut=True),
        disc(62.5, 45, 4, cut=True),
    ),
    "bread": (
        path("M9 44 C9 26 26 17 50 17 C74 17 91 26 91 44 C91 51 88 55 84 57 V79 C84 83 82 85 78 85 H22 C18 85 16 83 16 79 V57 "
             "C12 55 9 51 9 44 Z"),
        bar(37, 38, 31, 52, 5.5, cut=True),
        bar(53, 38, 47, 52, 5.5, cut=True),
        bar(69, 38, 63, 52, 5.5, cut=True),
    ),
    "plane": (
        path("M92 50 C92 54 86 57 79 57 H62 L44 88 C43 90 41 91 39 91 H35 L43 57 H25 L17 68 H9 L14 50 L9 32 H17 L25 43 H43 L35 9 "
             "H39 C41 9 43 10 44 12 L62 43 H79 C86 43 92 46 92 50 Z"),
    ),
    "ticket": (
        path("M8 28 C8 25 10 23 13 23 H87 C90 23 92 25 92 28 V41 C87 41 83 45 83 50 C83 55 87 59 92 59 V72 C92 75 90 77 87 77 H13 "
             "C10 77 8 75 8 72 V59 C13 59 17 55 17 50 C17 45 13 41 8 41 Z"),
        bar(62, 33, 62, 35, 4.5, cut=True),
        bar(62, 45, 62, 47, 4.5, cut=True),
        bar(62, 59, 62, 61, 4.5, cut=True),
        bar(62, 67, 62, 67.5, 4.5, cut=True),
    ),
    "crown": (
        path("M16 74 L11 30 L31 46 L50 17 L69 46 L89 30 L84 74 Z"),
        disc(12, 29, 6),
        disc(50, 16, 6.5),
        disc(88, 29, 6),
        box(14, 79, 72, 10, 4),
    ),
    "percent": (
        disc(29, 30, 18),
        disc(29, 30, 9, cut=True),
        disc(71, 70, 18),
        disc(71, 70, 9, cut=True),
        bar(76, 17, 24, 83, 10),
    ),
    "note": (
        disc(28, 76, 16),
        disc(74, 68, 15),
        path("M36 18 L90 8 V68 H81 V27 L45 34 V76 H36 Z"),
    ),
    "tooth": (
        path("M50 20 C57 12 70 8 79 15 C91 24 87 44 82 55 C79 63 79 72 77 82 C76 90 72 93 68 92 C61 90 63 66 50 66 "
             "C37 66 39 90 32 92 C28 93 24 90 23 82 C21 72 21 63 18 55 C13 44 9 24 21 15 C30 8 43 12 50 20 Z"),
    ),
}  # fmt: skip
"""Name → shape."""

BADGE: Shape = (
    disc(50, 50, 41),
    *(disc(50 + 40 * math.cos(math.tau * at / 12), 50 + 40 * math.sin(math.tau * at / 12), 9.5) for at in range(12)),
)
"""The scalloped edge of the reward's place."""
