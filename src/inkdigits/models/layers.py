"""The blocks that several networks share, and the checks of their options."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from inkdigits.errors import RecipeError


def make_conv_block(
    in_channels: int, out_channels: int, *, kernel: int = 3, stride: int = 1
) -> nn.Sequential:
    """Return convolution, batch norm and ReLU; (N, in, H, W) -> (N, out, H / stride, W / stride)."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; a 1x1 convolution fits the shortcut where shapes change."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.first = make_conv_block(in_channels, out_channels, stride=stride)
        self.second = nn.Sequential(
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels)
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def pass_on(self) -> None:
        """Let a new block answer with what comes in, where nothing is negative, until it has learned."""
        norm = self.second[1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)
        nn.init.zeros_(norm.bias)

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N, out, H / stride, W / stride) from (N, in, H, W)."""
        return F.relu(self.second(self.first(maps)) + self.shortcut(maps))


def check_dropout(dropout: float) -> float:
    """Return the share of dropped units if it lies in [0, 1).

    Raises:
        RecipeError: Otherwise.
    """
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise RecipeError(f"The option 'dropout' must lie in [0, 1), not {dropout!r}")
    return float(dropout)


def check_widths(name: str, widths: Sequence[int], *, count: int | None = None) -> tuple[int, ...]:
    """Return numbers of channels or units if they are positive whole numbers.

    Args:
        name: Name of the option, for the message.
        widths: The numbers.
        count: How many there must be; any number of them if None.

    Raises:
        RecipeError: Otherwise.
    """
    is_list = isinstance(widths, list | tuple)
    if not is_list or not all(type(width) is int and width > 0 for width in widths):
        raise RecipeError(f"The option {name!r} must be a list of positive whole numbers, not {widths!r}")
    if count is not None and len(widths) != count:
        raise RecipeError(f"The option {name!r} must hold {count} numbers, not {len(widths)}")
    return tuple(widths)
