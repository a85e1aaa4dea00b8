"""The models: their definitions and their register.

Owns: torch networks, one concept a module; classical models, ensembles and the contract of all (`model`). Leaves
to others: gradient steps (`inkdigits.training`) and bundles (`inkdigits.export`).
"""

from inkdigits.models.registry import (
    DEFAULT_MODEL,
    MODELS,
    ModelKind,
    ModelSpec,
    get_model_spec,
    list_models,
    make_estimator,
    make_network,
)

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "ModelKind",
    "ModelSpec",
    "get_model_spec",
    "list_models",
    "make_estimator",
    "make_network",
]
