"""RealSmileNet: a small network that watches a face (Yang et al. 2020), with three memories.

All present frames go through the encoder at once, and nothing else ever does: in the released code
the padding reaches LSTM and GRU, and in evaluation frames are cut off in its place.
"""

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from duchenne.errors import suggest
from duchenne.nets.convlstm import ConvLstm
from duchenne.nets.frames import by_window, frames_of, last
from duchenne.nets.heads import outputs
from duchenne.nets.inputs import Output, Pictures
from duchenne.nets.narrow_conv import NarrowConv
from duchenne.nets.non_local import NonLocal
from duchenne.nets.temporal_attention import TemporalAttention

SIDE = 48  # px
RGB = 3
_FEATURES = 6  # of a place, in maps of 12 × 12 places

Memory = Literal["convlstm", "lstm", "gru"]


class RealSmileNet(nn.Module):
    """Of "convlstm" the last map is judged, of "lstm" and "gru" the last vector.

    These two come without temporal attention, as in the released code.
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
    """A memory that is a vector: maps (B, S, 6, 12, 12) → hidden states (B, S, 256)."""

    hidden = 256

    def __init__(self, kind: type[nn.LSTM] | type[nn.GRU]) -> None:
        super().__init__()
        self.layer = kind(_FEATURES * (SIDE // 4) ** 2, self.hidden, batch_first=True)

    def forward(self, maps: Tensor) -> Tensor:
        states: Tensor = self.layer(maps.flatten(2))[0]
        return states


_MEMORIES: dict[str, Callable[[], nn.Module]] = {
    "convlstm": lambda: ConvLstm(_FEATURES, 8),
    "lstm": lambda: _Flat(nn.LSTM),
    "gru": lambda: _Flat(nn.GRU),
}


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
