"""Every part of the face in every frame asks the D-Marker tokens, and nothing else is added.

The questions come from the latent tokens, before the time transformer: the mouth may ask what the
eyes need not. The answers are averaged and added to the clip. No projection of the landmarks goes
before and no perceptron follows; as published, but for the length of the sequences.
"""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, normed
from duchenne.nets.fusion.tokens import MarkerTokens, addressed
from duchenne.nets.settings import WIDTH, Settings
from duchenne.nets.transformer import attend
from duchenne.nets.trunk import Features, over_present


class MultiHeadCrossAttention(Fusion):
    """`settings.heads` heads, latent tokens of all frames (T·L) → D-Marker tokens (9)."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.heads = settings.heads
        self.markers = MarkerTokens(settings)
        self.query = nn.Linear(WIDTH, WIDTH, bias=False)
        self.key_value = nn.Linear(WIDTH, 2 * WIDTH, bias=False)
        self.output = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(settings.dropout))

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        query = self.query(normed(features.tokens)).flatten(1, 2)  # (B, T·L, 256)
        key, value = self.key_value(addressed(self.markers(markers))).chunk(2, dim=2)
        answers = self.output(attend(query, key, value, heads=self.heads))
        of_frames = answers.reshape(features.tokens.shape).mean(dim=2)
        return features.clip + over_present(of_frames, features.present)
