"""The digit detector: a small convolutional network that sees a page of ink and says where digits stand.

Owns: layers and the meaning of the output's channels. Leaves to others: what the page looks like (ink), targets and
loss (training.detect), peaks and boxes (bundles.detector).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from inkdigits.models.layers import ResidualBlock, check_widths, make_conv_block

STRIDE = 4
"""Pixels between two places of the output."""


class DigitDetector(nn.Module):
    """Fully convolutional network with one output at stride 4, fed from strides 4, 8 and 16.

    Most of the work happens at stride 8, where a digit of 24 px is three places high: that is where shape is told.
    Stride 16 sees the line of writing; stride 4 keeps two touching 1s apart.

    Output channels: centre of a digit, centre of a mark (logits); one logit for each label; distances from the
    place's middle to left, top, right and bottom of the box, as logarithms of units of 8 px.

    Args:
        labels: Number of labels, digits and marks.
        widths: Channels at strides 2, 4, 8 and 16.
        depths: Residual blocks at strides 4, 8 and 16.
    """

    def __init__(
        self,
        *,
        labels: int = 14,
        widths: Sequence[int] = (24, 48, 96, 128),
        depths: Sequence[int] = (1, 3, 1),
    ) -> None:
        super().__init__()
        w2, w4, w8, w16 = check_widths("widths", widths, count=4)
        d4, d8, d16 = check_widths("depths", depths, count=3)
        self.stem = nn.Sequential(make_conv_block(1, w2, kernel=5, stride=2), make_conv_block(w2, w2))
        self.at4 = nn.Sequential(
            make_conv_block(w2, w4, stride=2), *(ResidualBlock(w4, w4) for _ in range(d4))
        )
        self.at8 = nn.Sequential(
            make_conv_block(w4, w8, stride=2), *(ResidualBlock(w8, w8) for _ in range(d8))
        )
        self.at16 = nn.Sequential(
            make_conv_block(w8, w16, stride=2), *(ResidualBlock(w16, w16) for _ in range(d16))
        )
        self.from16 = make_conv_block(w16, w8, kernel=1)
        self.mix8 = make_conv_block(w8, w8)
        self.from8 = make_conv_block(w8, 64, kernel=1)
        self.from4 = make_conv_block(w4, 64, kernel=1)
        self.head = nn.Sequential(
            make_conv_block(64, 64), make_conv_block(64, 96, kernel=1), nn.Conv2d(96, 2 + labels + 4, 1)
        )
        bias = self.head[-1].bias
        assert isinstance(bias, Tensor)
        nn.init.zeros_(bias)
        nn.init.constant_(bias[:2], -4.0)  # at first nearly every place is empty, as on a real page

    def forward(self, ink: Tensor) -> Tensor:
        """Return (N, 1, H, W) -> (N, 2 + labels + 4, H / 4, W / 4); H and W are multiples of 16."""
        at4 = self.at4(self.stem(ink))
        at8 = self.at8(at4)
        at16 = self.at16(at8)
        at8 = self.mix8(at8 + _double(self.from16(at16)))
        out: Tensor = self.head(self.from4(at4) + _double(self.from8(at8)))
        return out


def _double(x: Tensor) -> Tensor:
    """Repeat every place twice in both directions."""
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
