"""Every frame asks the nine D-Marker tokens several questions, one per head.

`attention` answers a frame with one mixture of the nine; here each head has a mixture of its own,
so that a frame can take its speed from one phase and its symmetry from another.
"""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, normed, of_landmarks, perceptron
from duchenne.nets.fusion.tokens import MarkerTokens, addressed
from duchenne.nets.settings import WIDTH, Settings
from duchenne.nets.transformer import attend
from duchenne.nets.trunk import Features, over_present


class MultiHeadAttention(Fusion):
    """`settings.heads` heads, frames (T) → D-Marker tokens (9)."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.heads = settings.heads
        self.landmarks = of_landmarks()
        self.markers = MarkerTokens(settings)
        self.query = nn.Linear(WIDTH, WIDTH, bias=False)
        self.key = nn.Linear(WIDTH, WIDTH, bias=False)
        self.value = nn.Linear(WIDTH, WIDTH, bias=False)
        self.output = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(settings.dropout))
        self.mix = perceptron(settings)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        frames, tokens = self.landmarks(features.frames), self.markers(markers)
        query, key = self.query(normed(frames)), self.key(addressed(tokens))
        answers = attend(query, key, self.value(tokens), heads=self.heads)
        answered = frames + self.output(answers)
        mixed: Tensor = self.mix(over_present(answered, features.present))
        return mixed
