"""Multi-head attention: queries from all frames' latent tokens, keys and values from D-Markers.

The latent tokens are those before the time transformer, so that regions of the face can attend to
different D-Markers. The results are averaged over tokens and frames and added to the clip's vector.
As published, but for the length of the sequences, the landmarks have no projection and no
perceptron follows.
"""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, normed
from duchenne.nets.fusion.tokens import ONE_ELEMENT, MarkerTokens, addressed
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.transformer import attend
from duchenne.nets.trunk import Features, over_present


class MultiHeadCrossAttention(Fusion):
    """`settings.heads` heads, latent tokens of all frames (T·L) → D-Marker tokens (9)."""

    paper = "HadaSmileNet"
    published = 5_216_593
    differs = (
        "the latent tokens of all frames attend to the nine D-Marker tokens with four heads; "
        f"{ONE_ELEMENT}"
    )

    def __init__(self, settings: MeshSettings) -> None:
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
