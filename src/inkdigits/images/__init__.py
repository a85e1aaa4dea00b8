"""Any source becomes upright pages.

Owns: the face of this room. Leaves to others: what is ink (ink).
"""

from inkdigits.images.load import load_pages
from inkdigits.images.page import DEFAULT_LIMITS, Limits, Page, Source
from inkdigits.images.paths import PICTURE_SUFFIXES, STDIN, expand_paths

__all__ = [
    "DEFAULT_LIMITS",
    "PICTURE_SUFFIXES",
    "STDIN",
    "Limits",
    "Page",
    "Source",
    "expand_paths",
    "load_pages",
]
