"""The network that is trained in seconds: for trying things out, and for beating tutorials on their own ground.

Maps are small from the first layer on (10x10, 4x4, 2x2) because batch norm and ReLU on large maps, not the
convolutions, take a processor's time: with a first map of 11x11 already half of it (profiled, batches of 256). Two
pixels along each edge are left out; ink there is rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from torch import Tensor, nn

from inkdigits.models.layers import check_widths

_EDGE_PX: Final = 2
"""MNIST's digits are 20 px long and their centre of mass lies in the middle: the outermost pixels are blank."""


class FastCnn(nn.Module):
    """Three convolutions without padding, the first two with a stride of 2; 96,058 parameters with 10 classes.

    Args:
        classes: Number of classes.
        widths: Channels of the maps at 10x10, 4x4 and 2x2 places.
    """

    def __init__(self, *, classes: int = 10, widths: Sequence[int] = (16, 64, 128)) -> None:
        super().__init__()
        first, second, third = check_widths("widths", widths, count=3)
        self.layers = nn.Sequential(
            *_make_layers(1, first, kernel=5, stride=2),  # 24 -> 10
            *_make_layers(first, second, kernel=4, stride=2),  # 10 -> 4
            *_make_layers(second, third, kernel=3, stride=1),  # 4 -> 2
            nn.Flatten(),
            nn.Linear(third * 2 * 2, classes),
        )

    def forward(self, ink: Tensor) -> Tensor:
        """Return logits: (N, 1, 28, 28) -> (N, classes)."""
        logits: Tensor = self.layers(ink[:, :, _EDGE_PX:-_EDGE_PX, _EDGE_PX:-_EDGE_PX])
        return logits


def _make_layers(in_channels: int, out_channels: int, *, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, kernel, stride=stride, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]
