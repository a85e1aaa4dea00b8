"""The models: their definitions and their register.

Owns: torch networks, one concept a module, and `make_network`. Leaves to others: fitting
(`inkdigits.training`) and writing them to files (`inkdigits.export`).
"""

from inkdigits.models.registry import (
    DEFAULT_MODEL,
    MODELS,
    ModelKind,
    ModelSpec,
    get_model_spec,
    list_models,
    make_network,
)

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "ModelKind",
    "ModelSpec",
    "get_model_spec",
    "list_models",
    "make_network",
]
