"""The models that ship, and the code that opens them: one ONNX file with its metadata, no framework.

Owns: finding, opening and running bundles; ONNX Runtime lives here. Leaves to others: making bundles (export),
bringing glyphs into the 28x28 form (ink).
"""

from inkdigits.bundles.bundle import BundleClassifier, list_bundles, load_classifier
from inkdigits.bundles.metadata import METADATA_KEY, BundleMetadata

__all__ = ["METADATA_KEY", "BundleClassifier", "BundleMetadata", "list_bundles", "load_classifier"]
