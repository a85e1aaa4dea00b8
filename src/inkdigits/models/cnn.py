"""The default network: small enough for one core, deep enough for 99.7 % on MNIST.

The first convolution is wide (5x5) and cheap because there is one input channel; most of the work
happens at 14x14 and 7x7. The head sees the last 3x3 map with its positions: where a stroke ends tells
a 4 from a 9.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from inkdigits.models.layers import check_dropout, check_widths, make_conv_block


class CompactCnn(nn.Module):
    """Convolutional network with batch norm and three poolings; 252,650 parameters with 10 classes.

    Args:
        classes: Number of classes.
        widths: Channels of the blocks at 28x28, 14x14 and 7x7 pixels.
        dropout: Share of the features that are dropped before the last layer.
    """

    def __init__(
        self, *, classes: int = 10, widths: Sequence[int] = (32, 64, 128), dropout: float = 0.25
    ) -> None:
        super().__init__()
        first, second, third = check_widths("widths", widths, count=3)
        self.features = nn.Sequential(
            make_conv_block(1, first, kernel=5),
            nn.MaxPool2d(2),  # 28 -> 14
            make_conv_block(first, second),
            nn.MaxPool2d(2),  # 14 -> 7
            make_conv_block(second, third),
            make_conv_block(third, third),
            nn.MaxPool2d(2),  # 7 -> 3
        )
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(check_dropout(dropout)), nn.Linear(third * 3 * 3, classes)
        )

    def forward(self, ink: Tensor) -> Tensor:
        """Return logits: (N, 1, 28, 28) -> (N, classes)."""
        logits: Tensor = self.head(self.features(ink))
        return logits
