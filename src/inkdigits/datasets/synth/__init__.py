"""Made pages with ground truth: real digits and simulated pens on all kinds of paper.

Owns: the face of this package. A detector that finds digits on a page is trained on these pages.
"""

from inkdigits.datasets.synth.bank import GlyphBank
from inkdigits.datasets.synth.make import make_synth_page
from inkdigits.datasets.synth.page import KINDS, MARKS, SynthPage, SynthSign

__all__ = ["KINDS", "MARKS", "GlyphBank", "SynthPage", "SynthSign", "make_synth_page"]
