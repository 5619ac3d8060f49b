"""Multi-head attention: queries from the frames, keys and values from the nine D-Marker tokens.

As `attention`, but each head has its own weights over the tokens: a frame can combine the speed of
one phase with the symmetry of another.
"""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, normed, of_landmarks, perceptron
from duchenne.nets.fusion.tokens import ONE_ELEMENT, MarkerTokens, addressed
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.transformer import attend
from duchenne.nets.trunk import Features, over_present


class MultiHeadAttention(Fusion):
    """`settings.heads` heads, frames (T) → D-Marker tokens (9)."""

    paper = "HadaSmileNet"
    published = 5_413_969
    differs = f"frames attend to the nine D-Marker tokens with four heads; {ONE_ELEMENT}"

    def __init__(self, settings: MeshSettings) -> None:
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
