"""A residual network: more depth than MNIST needs, for harder scripts and for comparison."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from inkdigits.errors import RecipeError
from inkdigits.models.layers import ResidualBlock, check_dropout, check_widths, make_conv_block


class ResNet(nn.Module):
    """The CIFAR form of the residual network, for one input channel.

    Args:
        classes: Number of classes.
        widths: Channels of the stages at 28x28, 14x14 and 7x7 pixels.
        blocks: Residual blocks in each stage; 3 gives 20 layers.
        dropout: Share of the features that are dropped before the last layer.

    References:
        He et al., "Deep residual learning for image recognition", 2016, section 4.2.
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        widths: Sequence[int] = (16, 32, 64),
        blocks: int = 3,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if type(blocks) is not int or blocks < 1:
            raise RecipeError(f"The option 'blocks' must be a positive whole number, not {blocks!r}")
        channels = check_widths("widths", widths, count=3)
        layers: list[nn.Module] = [make_conv_block(1, channels[0])]
        inputs = channels[0]
        for stage, outputs in enumerate(channels):
            for block in range(blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                layers.append(ResidualBlock(inputs, outputs, stride=stride))
                inputs = outputs
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(check_dropout(dropout)), nn.Linear(inputs, classes))

    def forward(self, ink: Tensor) -> Tensor:
        """Return logits: (N, 1, 28, 28) -> (N, classes)."""
        maps = self.features(ink)
        logits: Tensor = self.head(maps.mean(dim=(2, 3)))  # (N, C, 7, 7) -> (N, C)
        return logits
