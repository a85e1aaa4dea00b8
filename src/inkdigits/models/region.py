"""The region classifier: a small convolutional network that looks again at one box, with what stands around it.

Owns: the layers. Leaves to others: what a region is (ink.region), where boxes come from (the detector).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
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
        self.classes, self.widths, self.depths = classes, (w2, w4, w8), (d4, d8)
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
    """Give a larger network what a trained one knows.

    Channels that are new repeat old ones, which share their outputs' weights with them by chance; blocks that are
    new pass on what comes in. Takes its chance from torch.

    Args:
        network: The trained one.
        larger: With no fewer channels and blocks; changed, and answers as the other does.

    Raises:
        RecipeError: If it has fewer blocks or channels.

    References:
        Chen et al., "Net2Net: Accelerating learning via knowledge transfer", 2016.
    """
    if network.widths != larger.widths:
        wider = RegionClassifier(classes=larger.classes, widths=larger.widths, depths=network.depths)
        _widen(network, wider)
        network = wider
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
            f"A region classifier can't grow to that form ({error})", remedy="Only add blocks and channels."
        ) from error


def _widen(network: RegionClassifier, wider: RegionClassifier) -> None:
    """Bring what a network knows into one of the same depth with no fewer channels."""
    if any(have < had for have, had in zip(wider.widths, network.widths, strict=True)):
        raise RecipeError(
            f"A region classifier can't grow from {network.widths} to {wider.widths} channels",
            remedy="Only add channels.",
        )
    origins = {sizes: _repeat(*sizes) for sizes in zip(network.widths, wider.widths, strict=True)}
    into = torch.arange(2)
    pairs = zip(_list_convolutions(network), _list_convolutions(wider), strict=True)
    with torch.no_grad():
        for (old, old_norm), (new, new_norm) in pairs:
            out = origins[old.out_channels, new.out_channels]
            new.weight.copy_(old.weight[out][:, into] * _share(into, len(out))[:, :, None, None])
            for name, values in old_norm.state_dict().items():
                new_norm.state_dict()[name].copy_(values[out] if values.ndim else values)
            into = out
        known, linear = network.layers[-1], wider.layers[-1]
        assert isinstance(known, nn.Linear)
        assert isinstance(linear, nn.Linear)
        weights = known.weight.reshape(known.out_features, network.widths[-1], -1)[:, into]
        linear.weight.copy_((weights * _share(into, linear.out_features)[:, :, None]).flatten(1))
        linear.bias.copy_(known.bias)


def _repeat(had: int, have: int) -> Tensor:
    """Return for each new channel the old one that it repeats; the old ones come first."""
    return torch.cat([torch.arange(had), torch.randint(had, (have - had,))])


def _share(origins: Tensor, outputs: int) -> Tensor:
    """Return which part of an old channel's weight each channel that repeats it takes, (outputs, channels)."""
    parts = 0.25 + torch.rand(outputs, len(origins))
    sums = torch.zeros(outputs, int(origins.max()) + 1).index_add_(1, origins, parts)
    return parts / sums[:, origins]


def _list_convolutions(network: RegionClassifier) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Return the convolutions in their order, each with its norm."""
    found = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    return [
        (layer, norm)
        for layer, norm in pairwise(found)
        if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    ]
