"""Why did it say that? What the model saw, which ink mattered, what its layers answered, what it looks like.

Owns: the explanation of a reading's digits, as data and as a picture. Leaves to others: the reading (reader), the
network's layers (bundles).
"""

from inkdigits.explaining.explain import DigitExplanation, Explanation, explain, explain_form
from inkdigits.explaining.nearest import Neighbour, TrainingDigits, load_training_digits
from inkdigits.explaining.saliency import occlusion_saliency

__all__ = [
    "DigitExplanation",
    "Explanation",
    "Neighbour",
    "TrainingDigits",
    "explain",
    "explain_form",
    "load_training_digits",
    "occlusion_saliency",
]
