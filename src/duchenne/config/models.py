"""What each value of `model` looks at: by it stages know what to make and whom to leave out."""

from dataclasses import dataclass
from typing import NamedTuple


class Chip(NamedTuple):
    """An upright picture of an aligned face."""

    side: int  # px
    channels: int  # 1: grey, 3: RGB


@dataclass(frozen=True)
class Needs:
    landmarks: bool = False  # normalised landmarks of every frame
    chip: Chip | None = None  # pictures of the face
    dmarkers: bool = False  # always; where False, `fusion` may bring them in
    unaligned: bool = False  # also takes photographs in which no landmarks were found
    fitted: bool = False  # in one go, to a row of numbers for each clip; no epochs
    fuses: bool = False  # whether `fusion` means anything to it


NEEDS: dict[str, Needs] = {
    "mesh": Needs(landmarks=True, fuses=True),
    "realsmilenet": Needs(chip=Chip(48, 3)),
    "dexpression": Needs(chip=Chip(224, 1)),
    "scn": Needs(chip=Chip(48, 1), unaligned=True),
    "vit": Needs(chip=Chip(64, 3)),
    "pstnet": Needs(landmarks=True),
    "p4transformer": Needs(landmarks=True),
    "svm": Needs(dmarkers=True, fitted=True),
    "trees": Needs(dmarkers=True, fitted=True),
    "duration": Needs(landmarks=True, fitted=True),
    "first_frame": Needs(landmarks=True, fitted=True),
    "majority": Needs(fitted=True),
}
