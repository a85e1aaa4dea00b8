"""The two networks of every beginner's tutorial, kept as they are there, to compare with."""

from __future__ import annotations

from torch import Tensor, nn

from inkdigits.models.layers import check_dropout


class CnnTutorial(nn.Module):
    """Convolutions with 32, 64 and 64 maps (3x3, no padding), two max poolings, 64 dense units.

    Args:
        classes: Number of classes.

    References:
        TensorFlow, "Convolutional Neural Network (CNN)" tutorial; here for 28x28 grey pictures:
        93,322 parameters with 10 classes.
    """

    def __init__(self, *, classes: int = 10) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 3),  # 28 -> 26
            nn.ReLU(),
            nn.MaxPool2d(2),  # 26 -> 13
            nn.Conv2d(32, 64, 3),  # 13 -> 11
            nn.ReLU(),
            nn.MaxPool2d(2),  # 11 -> 5
            nn.Conv2d(64, 64, 3),  # 5 -> 3
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 3 * 3, 64),
            nn.ReLU(),
            nn.Linear(64, classes),
        )

    def forward(self, ink: Tensor) -> Tensor:
        """Return logits: (N, 1, 28, 28) -> (N, classes)."""
        logits: Tensor = self.layers(ink)
        return logits


class MlpTutorial(nn.Module):
    """One hidden layer of 128 units with dropout.

    Args:
        classes: Number of classes.
        dropout: Share of hidden units that are dropped.

    References:
        TensorFlow, "TensorFlow 2 quickstart for beginners": 101,770 parameters with 10 classes.
    """

    def __init__(self, *, classes: int = 10, dropout: float = 0.2) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(28 * 28, 128),
            nn.ReLU(),
            nn.Dropout(check_dropout(dropout)),
            nn.Linear(128, classes),
        )

    def forward(self, ink: Tensor) -> Tensor:
        """Return logits: (N, 1, 28, 28) -> (N, classes)."""
        logits: Tensor = self.layers(ink)
        return logits
