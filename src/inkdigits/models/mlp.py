"""Dense layers only: what can be had without looking at neighbourhoods."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from inkdigits.models.layers import check_dropout, check_widths


class Mlp(nn.Module):
    """Dense layers, each with batch norm, ReLU and dropout.

    Args:
        classes: Number of classes.
        hidden: Units of each hidden layer; an empty list makes it a linear model.
        dropout: Share of units that are dropped after each hidden layer.
    """

    def __init__(
        self, *, classes: int = 10, hidden: Sequence[int] = (512, 256), dropout: float = 0.2
    ) -> None:
        super().__init__()
        share = check_dropout(dropout)
        layers: list[nn.Module] = [nn.Flatten()]
        inputs = 28 * 28
        for units in check_widths("hidden", hidden):
            layers += [nn.Linear(inputs, units), nn.BatchNorm1d(units), nn.ReLU(), nn.Dropout(share)]
            inputs = units
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, classes))

    def forward(self, ink: Tensor) -> Tensor:
        """Return logits: (N, 1, 28, 28) -> (N, classes)."""
        logits: Tensor = self.layers(ink)
        return logits
