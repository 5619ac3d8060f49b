"""Single-head attention: queries from the frames, keys and values from the nine D-Marker tokens.

The result is added to each frame, then the mean over present frames is taken. As published both
sequences have one element, so that the softmax is 1 and the result depends on the D-Markers alone.
"""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, normed, of_landmarks, perceptron
from duchenne.nets.fusion.tokens import ONE_ELEMENT, MarkerTokens, addressed
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.transformer import attend
from duchenne.nets.trunk import Features, over_present


class Attention(Fusion):
    """One head, frames (T) → D-Marker tokens (9)."""

    paper = "HadaSmileNet"
    published = 5_348_945
    differs = (
        f"frames attend to the nine D-Marker tokens; {ONE_ELEMENT}; no biases of query, key and "
        "value"
    )

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = MarkerTokens(settings)
        self.query = nn.Linear(WIDTH, WIDTH, bias=False)
        self.key = nn.Linear(WIDTH, WIDTH, bias=False)
        self.value = nn.Linear(WIDTH, WIDTH, bias=False)
        self.mix = perceptron(settings)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        frames, tokens = self.landmarks(features.frames), self.markers(markers)
        query, key = self.query(normed(frames)), self.key(addressed(tokens))
        answered = frames + attend(query, key, self.value(tokens), heads=1)
        mixed: Tensor = self.mix(over_present(answered, features.present))
        return mixed
