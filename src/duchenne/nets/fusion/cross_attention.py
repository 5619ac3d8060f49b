"""Single-head attention in both directions between frames and D-Marker tokens.

Frames attend to D-Marker tokens and tokens to frames, each side with a residual connection. The
scores of one direction are the transposed scores of the other. As published, with sequences of one
element, it equals `attention`.
"""

from torch import Tensor, nn

from duchenne.nets.fusion.base import Fusion, normed, of_landmarks, perceptron
from duchenne.nets.fusion.tokens import ONE_ELEMENT, MarkerTokens, addressed
from duchenne.nets.settings import WIDTH, MeshSettings
from duchenne.nets.transformer import attend
from duchenne.nets.trunk import Features, over_present


class CrossAttention(Fusion):
    """One head, frames (T) ⇄ D-Marker tokens (9)."""

    paper = "HadaSmileNet"
    published = 5_348_945
    differs = (
        f"the nine D-Marker tokens attend to the frames, too; {ONE_ELEMENT}, and the same as "
        "`attention`; a map more, none with biases"
    )

    def __init__(self, settings: MeshSettings) -> None:
        super().__init__(settings)
        self.landmarks = of_landmarks()
        self.markers = MarkerTokens(settings)
        self.frame_key = nn.Linear(WIDTH, WIDTH, bias=False)
        self.frame_value = nn.Linear(WIDTH, WIDTH, bias=False)
        self.marker_key = nn.Linear(WIDTH, WIDTH, bias=False)
        self.marker_value = nn.Linear(WIDTH, WIDTH, bias=False)
        self.mix = perceptron(settings)

    def forward(self, features: Features, markers: Tensor) -> Tensor:
        present = features.present
        frames, tokens = self.landmarks(features.frames), self.markers(markers)
        known = normed(frames)
        frame_key, marker_key = self.frame_key(known), self.marker_key(addressed(tokens))
        to_frames = attend(frame_key, marker_key, self.marker_value(tokens), heads=1)
        to_markers = attend(
            marker_key, frame_key, self.frame_value(known), heads=1, present=present
        )
        sides = over_present(frames + to_frames, present), (tokens + to_markers).mean(dim=1)
        mixed: Tensor = self.mix(sides[0] + sides[1])
        return mixed
