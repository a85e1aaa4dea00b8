"""From a grey page to 28x28 glyphs: ink, glyphs, numbers; numpy and OpenCV only.

Owns: binarisation, polarity, glyph finding, grouping, and MNIST's 28x28 form, shared by training and reading.
Leaves to others: opening files (images), telling which digit a glyph is (bundles).
"""

from inkdigits.ink.binarize import InkPage, extract_ink
from inkdigits.ink.cut import cut_glyphs
from inkdigits.ink.glyphs import Glyph, find_glyphs
from inkdigits.ink.grouping import group_lines
from inkdigits.ink.normalize import SIZE_PX, normalize_glyph, normalize_images
from inkdigits.ink.rules import remove_rules
from inkdigits.ink.view import make_view

__all__ = [
    "SIZE_PX",
    "Glyph",
    "InkPage",
    "cut_glyphs",
    "extract_ink",
    "find_glyphs",
    "group_lines",
    "make_view",
    "normalize_glyph",
    "normalize_images",
    "remove_rules",
]
