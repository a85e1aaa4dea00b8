"""The smallest network that is still worth using: under 8,000 parameters, 8 kB in int8."""

from __future__ import annotations

from torch import Tensor, nn

from inkdigits.models.layers import check_dropout, make_conv_block


class NanoCnn(nn.Module):
    """Three narrow convolutions, each pooled; 7,074 parameters with 10 classes.

    Args:
        classes: Number of classes.
        dropout: Share of the features that are dropped before the last layer.
    """

    def __init__(self, *, classes: int = 10, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            make_conv_block(1, 8, kernel=5),
            nn.MaxPool2d(2),  # 28 -> 14
            make_conv_block(8, 16),
            nn.MaxPool2d(2),  # 14 -> 7
            make_conv_block(16, 24),
            nn.MaxPool2d(2),  # 7 -> 3
            nn.Flatten(),
            nn.Dropout(check_dropout(dropout)),
            nn.Linear(24 * 3 * 3, classes),
        )

    def forward(self, ink: Tensor) -> Tensor:
        """Return logits: (N, 1, 28, 28) -> (N, classes)."""
        logits: Tensor = self.layers(ink)
        return logits
