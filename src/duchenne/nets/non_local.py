"""Every place of a map looks at every other (Wang et al. 2018, "Non-local Neural Networks")."""

from torch import Tensor, nn
from torch.nn import functional


class NonLocal(nn.Module):
    """x + norm(W y), where y_i is the mean over j of (θ x_i · φ x_j) g x_j; (B, C, H, W).

    Their "dot product", in half of the channels, with j on a grid of half the size. The gain of the
    norm starts at zero, and the block as identity.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.asks = nn.Conv2d(channels, half, kernel_size=1)  # θ
        self.answers = nn.Conv2d(channels, half, kernel_size=1)  # φ
        self.gives = nn.Conv2d(channels, half, kernel_size=1)  # g
        self.widen = nn.Conv2d(half, channels, kernel_size=1)  # W
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        asks = self.asks(x).flatten(2)  # (B, C/2, H·W)
        answers = _halved(self.answers(x))  # (B, C/2, H·W/4)
        gives = _halved(self.gives(x))
        # Without a softmax between them the products may be taken from the right, and stay small.
        mixing = gives @ answers.mT / answers.shape[-1]  # (B, C/2, C/2)
        y = (mixing @ asks).unflatten(2, x.shape[2:])
        out: Tensor = x + self.norm(self.widen(y))
        return out


def _halved(maps: Tensor) -> Tensor:
    return functional.max_pool2d(maps, kernel_size=2).flatten(2)
