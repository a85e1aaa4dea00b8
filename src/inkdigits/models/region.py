"""The region classifier: a small convolutional network that looks again at one box, with what stands around it.

Owns: the layers. Leaves to others: what a region is (ink.region), where boxes come from (the detector).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from inkdigits.errors import RecipeError
from inkdigits.ink.region import REGION_PX
from inkdigits.models.layers import ResidualBlock, check_dropout, check_widths, make_conv_block

_STRIDES = 8


class RegionClassifier(nn.Module):
    """Convolutions at strides 2, 4 and 8, and one linear layer.

    Args:
        classes: Number of classes, "none" included.
        widths: Channels at strides 2, 4 and 8.
        depths: Residual blocks at strides 4 and 8.
        dropout: Share of units that the linear layer loses in training.
    """

    def __init__(
        self,
        *,
        classes: int = 11,
        widths: Sequence[int] = (32, 64, 128),
        depths: Sequence[int] = (2, 1),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        w2, w4, w8 = check_widths("widths", widths, count=3)
        d4, d8 = check_widths("depths", depths, count=2)
        self.depths = d4, d8
        side = REGION_PX // _STRIDES
        self.layers = nn.Sequential(
            make_conv_block(2, w2, kernel=5, stride=2),
            make_conv_block(w2, w2),
            make_conv_block(w2, w4, stride=2),
            *(ResidualBlock(w4, w4) for _ in range(d4)),
            make_conv_block(w4, w8, stride=2),
            *(ResidualBlock(w8, w8) for _ in range(d8)),
            nn.Flatten(),
            nn.Dropout(check_dropout(dropout)),
            nn.Linear(w8 * side * side, classes),
        )

    def forward(self, regions: Tensor) -> Tensor:
        """Return (N, 2, 40, 40) -> (N, classes) logits."""
        logits: Tensor = self.layers(regions)
        return logits


def grow(network: RegionClassifier, larger: RegionClassifier) -> None:
    """Give a deeper network what a trained one knows: blocks that are new pass on what comes in.

    Args:
        network: The trained one.
        larger: Of the same widths, with no fewer blocks; changed, and answers as the other does.

    Raises:
        RecipeError: If it has fewer blocks, or other widths.
    """
    own = list(network.layers)
    at4 = 3 + network.depths[0]
    at8 = at4 + 1 + network.depths[1]
    new4, new8 = (have - had for have, had in zip(larger.depths, network.depths, strict=True))
    try:
        if min(new4, new8) < 0:
            raise ValueError(f"{larger.depths} is less than {network.depths}")
        taken = [*own[:at4], *[None] * new4, *own[at4:at8], *[None] * new8, *own[at8:]]
        for known, layer in zip(taken, larger.layers, strict=True):
            if known is not None:
                layer.load_state_dict(known.state_dict())
            elif isinstance(layer, ResidualBlock):
                layer.pass_on()
    except (RuntimeError, ValueError) as error:
        raise RecipeError(
            f"A region classifier can't grow to that form ({error})", remedy="Keep its widths and add blocks."
        ) from error
