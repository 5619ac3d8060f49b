"""RealSmileNet (Yang et al. 2020): a frame encoder and one of three recurrent layers.

Only present frames are encoded and reach the recurrent layer. In the released code padding reaches
LSTM and GRU, and evaluation drops frames instead of padding.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.errors import suggest
from duchenne.nets.frames import Frames, by_window, frames_of, last
from duchenne.nets.heads import outputs
from duchenne.nets.inputs import Output, Pictures

SIDE = 48  # px
RGB = 3
_FEATURES = 6  # channels of the encoder's maps of 12 × 12
Memory = Literal["convlstm", "lstm", "gru"]


class NarrowConv(nn.Conv2d):
    """A 3 × 3 convolution with padding 1."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(channels, out, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return narrow_conv(x, self.weight, self.bias)


def narrow_conv(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(F, i, H, W), (o, i, 3, 3) → (F, o, H, W); channels last in between on a CPU, for speed."""
    if x.is_cuda:
        return functional.conv2d(x, weight, bias, padding=1)
    x = x.contiguous(memory_format=torch.channels_last)
    return functional.conv2d(x, weight, bias, padding=1).contiguous()


class ConvLstm(nn.Module):
    """Maps (B, S, i, H, W) → hidden states (B, S, o, H, W), starting from zeros."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.channels, self.hidden = channels, hidden
        self.gates = nn.Conv2d(channels + hidden, 4 * hidden, kernel_size=3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """The gates' convolution in two parts: of all frames at once, then state by state."""
        weight = self.gates.weight
        of_frame, of_state = weight[:, : self.channels], weight[:, self.channels :]
        seen = narrow_conv(maps.flatten(0, 1), of_frame, self.gates.bias)
        seen = seen.reshape(*maps.shape[:2], *seen.shape[1:])
        cell = hidden = weight.new_zeros((len(maps), self.hidden, *maps.shape[3:]))
        states = []
        for now in seen.unbind(dim=1):
            cell, hidden = _step(now + functional.conv2d(hidden, of_state, padding=1), cell)
            states.append(hidden)
        return torch.stack(states, dim=1)


def _step(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    take, keep, show, new = gates.chunk(4, dim=1)
    cell = keep.sigmoid() * cell + take.sigmoid() * new.tanh()
    return cell, show.sigmoid() * cell.tanh()


class NonLocal(nn.Module):
    """x + norm(W y), where y_i is the mean over j of (θ x_i · φ x_j) g x_j; (B, C, H, W).

    The dot-product form of Wang et al. (2018), in half of the channels, with j on a grid of half
    the size. The norm's gain is initialised to zero, so that the block starts as the identity.
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
        # Without a softmax (θφᵀ)g = θ(φᵀg), which needs no matrix of H·W × H·W/4.
        mixing = gives @ answers.mT / answers.shape[-1]  # (B, C/2, C/2)
        y = (mixing @ asks).unflatten(2, x.shape[2:])
        out: Tensor = x + self.norm(self.widen(y))
        return out


def _halved(maps: Tensor) -> Tensor:
    return functional.max_pool2d(maps, kernel_size=2).flatten(2)


class TemporalAttention(nn.Module):
    """x · conv(x - previous x) + x; the previous frame is the last present one.

    For a window's first frame the difference is 0. The convolution is initialised as the identity
    of each channel; in the released code as the sum over all channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = NarrowConv(channels, channels)
        nn.init.dirac_(self.conv.weight)
        if self.conv.bias is not None:
            nn.init.zeros_(self.conv.bias)

    def forward(self, frames: Frames) -> Tensor:
        """→ (F, C, H, W)."""
        counts = frames.present.sum(dim=1)
        first = counts.cumsum(dim=0) - counts  # row of `pixels` where each window begins
        change = frames.pixels - frames.pixels.roll(1, dims=0)
        change.index_fill_(0, first, 0.0)
        seen: Tensor = frames.pixels * self.conv(change) + frames.pixels
        return seen


class RealSmileNet(nn.Module):
    """Predicts from the last hidden state: of "convlstm" a map, of "lstm" and "gru" a vector.

    The latter two have no temporal attention, as in the released code.
    """

    def __init__(self, *, classes: int, memory: Memory = "convlstm") -> None:
        super().__init__()
        if memory not in _MEMORIES:
            raise ValueError(f"there is no memory '{memory}'; {suggest(memory, _MEMORIES)}")
        wanted = outputs(classes)
        pictorial = memory == "convlstm"
        self.attention = TemporalAttention(RGB) if pictorial else None
        self.encoder = _encoder()
        self.memory = _MEMORIES[memory]()
        self.head = _map_head(wanted) if pictorial else nn.Linear(_Flat.hidden, wanted)

    def forward(self, pictures: Pictures) -> Output:
        frames = frames_of(pictures, side=SIDE, channels=RGB)
        seen = frames.pixels if self.attention is None else self.attention(frames)
        states = self.memory(by_window(self.encoder(seen), frames.present))
        return Output(self.head(last(states, frames.present)))


class _Flat(nn.Module):
    """LSTM or GRU over flattened maps: (B, S, 6, 12, 12) → hidden states (B, S, 256)."""

    hidden = 256

    def __init__(self, kind: type[nn.LSTM] | type[nn.GRU]) -> None:
        super().__init__()
        self.layer = kind(_FEATURES * (SIDE // 4) ** 2, self.hidden, batch_first=True)

    def forward(self, maps: Tensor) -> Tensor:
        states: Tensor = self.layer(maps.flatten(2))[0]
        return states


def _encoder() -> nn.Module:
    """(F, 3, 48, 48) → (F, 6, 12, 12)."""
    return nn.Sequential(
        nn.BatchNorm2d(RGB),
        NarrowConv(RGB, 4),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AvgPool2d(2),
        NarrowConv(4, _FEATURES),
        nn.BatchNorm2d(_FEATURES),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Dropout2d(0.2),
    )


def _map_head(wanted: int) -> nn.Module:
    """(B, 8, 12, 12) → (B, wanted)."""
    return nn.Sequential(
        NonLocal(8),
        nn.AvgPool2d(2),
        nn.Conv2d(8, 10, kernel_size=2),  # → (B, 10, 5, 5)
        nn.BatchNorm2d(10),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(250, wanted),
    )


_MEMORIES: dict[str, Callable[[], nn.Module]] = {
    "convlstm": lambda: ConvLstm(_FEATURES, 8),
    "lstm": lambda: _Flat(nn.LSTM),
    "gru": lambda: _Flat(nn.GRU),
}
