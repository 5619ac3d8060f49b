"""A compact Vision Transformer (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words").

MeshSmileNet's poster compares with a "ViT on frames" and does not say which. Here each frame is
encoded by its class token, and a small transformer, or none, mixes the frames of a window. Pixels
are scaled to -1 to 1. Dropout as in the paper (from memory), not of the attention weights.
"""

import torch
from torch import Tensor, nn

from duchenne.nets.frames import by_window, frames_of
from duchenne.nets.heads import logits
from duchenne.nets.inputs import Output, Pictures
from duchenne.nets.transformer import attend, encoding
from duchenne.nets.trunk import over_present

# Initial standard deviation of position embeddings, as large as the features of patches. With the
# usual 0.02, for millions of pictures, 200 steps did not learn whether a square is left or right;
# with this, 80 do.
_PLACE = 0.5


class Vit(nn.Module):
    def __init__(
        self,
        *,
        classes: int,
        side: int = 64,
        channels: int = 3,
        patch: int = 8,
        width: int = 192,
        depth: int = 4,
        heads: int = 3,
        time_depth: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if side % patch:
            raise ValueError(f"patch must divide {side}, and {patch} does not")
        if width % heads or width % 2:
            raise ValueError(f"width must be even and a multiple of {heads}, and {width} is not")
        if depth < 1:
            raise ValueError(f"depth is {depth}; at least 1 layer is needed to encode a frame")
        self.side, self.channels = side, channels
        self.look = FrameEncoder(
            side=side,
            channels=channels,
            patch=patch,
            width=width,
            layers=_layers(depth, width=width, heads=heads, dropout=dropout),
            dropout=dropout,
        )
        self.over_time = _layers(time_depth, width=width, heads=heads, dropout=dropout)
        self.head = nn.Sequential(nn.LayerNorm(width), logits(width, classes))

    def forward(self, pictures: Pictures) -> Output:
        frames = frames_of(pictures, side=self.side, channels=self.channels)
        seen = by_window(self.look(frames.pixels), frames.present)  # (B, S, width)
        if len(self.over_time):
            seen = seen + encoding(*seen.shape[1:], like=seen)
        for layer in self.over_time:
            seen = layer(seen, present=frames.present)
        return Output(self.head(over_present(seen, frames.present)))


class FrameEncoder(nn.Module):
    """Pixels (F, C, H, W) in 0 to 1 → (F, width), the class token after the last layer."""

    def __init__(
        self,
        *,
        side: int,
        channels: int,
        patch: int,
        width: int,
        layers: nn.ModuleList,
        dropout: float,
    ) -> None:
        super().__init__()
        self.patches = nn.Conv2d(channels, width, kernel_size=patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.empty(1, 1 + (side // patch) ** 2, width))
        nn.init.normal_(self.places, std=_PLACE)
        self.dropout = nn.Dropout(dropout)
        self.layers = layers
        self.norm = nn.LayerNorm(width)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.patches(pixels * 2.0 - 1.0).flatten(2).mT  # (F, P, width), row by row
        first = self.class_token.expand(len(tokens), -1, -1)
        tokens = self.dropout(torch.cat((first, tokens), dim=1) + self.places)
        *others, final = self.layers
        for layer in others:
            tokens = layer(tokens)
        frame: Tensor = self.norm(final(tokens, places=1)[:, 0])
        return frame


class Layer(nn.Module):
    """`x + attention(norm(x))`, then `x + perceptron(norm(x))`, over sequences (R, S, width)."""

    def __init__(self, *, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )

    def forward(
        self, x: Tensor, *, present: Tensor | None = None, places: int | None = None
    ) -> Tensor:
        """`present` (R, S) says which tokens can be attended to; None: all.

        Only the first `places` tokens of the result are computed: the last layer needs one.
        """
        normal = self.before_attention(x)
        query, (key, value) = self.query(normal[:, :places]), self.key_value(normal).chunk(2, -1)
        seen = attend(query, key, value, heads=self.heads, present=present)
        x = x[:, :places] + self.output(seen)
        mixed: Tensor = x + self.perceptron(x)
        return mixed


def _layers(depth: int, *, width: int, heads: int, dropout: float) -> nn.ModuleList:
    return nn.ModuleList(Layer(width=width, heads=heads, dropout=dropout) for _ in range(depth))
