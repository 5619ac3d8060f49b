"""What each value of `model` looks at: by it stages know what to make and whom to leave out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Scalar = str | int | float
AUTO = "auto"
PUBLISHED: Mapping[str, Mapping[str, Scalar]] = {
    "detect": {"min_score": 0.7},
    "quality": {"min_size": 40.0, "max_failed": 0.1},
    "folds": {"scheme": "stratified", "count": 10},
    "net": {
        "points": "all",
        "neighbours": 20,
        "curves": 100,
        "steps": 5,
        "latents": 32,
        "depth": 6,
        "time_depth": 3,
        "dropout": 0.1,
        "momentum": 0.1,
    },
    "augment": {
        "mirror": 0,
        "rotate": 0,
        "scale": 0,
        "stretch": 0,
        "noise": 0,
        "crop": 0,
        "brightness": 0,
        "warp": 0,
    },
    "window": {"shows": "shape", "frames": 16, "fps": 5.0, "test": 5},
    "train": {
        "epochs": 300,
        "batch": 16,
        "lr": 5e-4,
        "weight_decay": 0.01,
        "schedule": "constant",
        "warmup": 0,
    },
    "scn": {"width": 64},
    "vit": {"width": 192, "depth": 4, "heads": 3, "time_depth": 1},
    "pstnet": {"width": 64, "anchors": 64, "neighbours": 9},
    "p4transformer": {"width": 128, "anchors": 32, "neighbours": 16, "depth": 3, "heads": 4},
}
# Sections that no stage before training and crops reads: in these the model may decide.
OF_TRAINING = ("window", "augment", "net", "train", "scn", "vit", "pstnet", "p4transformer")
# By model, what differs from the above.
OF_MODEL: Mapping[str, Mapping[str, Mapping[str, Scalar]]] = {
    "realsmilenet": {"train": {"epochs": 10, "lr": 1e-3, "weight_decay": 0.0}},
    "dexpression": {
        "train": {"epochs": 25, "batch": 32, "lr": 1e-3, "weight_decay": 0.0},
        "window": {"frames": 1, "test": 16},
    },
    "scn": {
        "train": {
            "epochs": 3000,
            "batch": 128,
            "lr": 0.01,
            "weight_decay": 0.0,
            "schedule": "linear",
        },
        "window": {"frames": 1, "test": 16},
        "augment": {"mirror": 0.5, "rotate": 5, "brightness": 0.5},
    },
}


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


def resolved(section: Any, name: str, says: list[Any]) -> Any:
    """A section with `auto` replaced; `says` are sections by name, the first one to know a key
    decides. Anything that is no section is left to be refused."""
    if not isinstance(section, dict):
        return section
    known: dict[str, Any] = dict(PUBLISHED[name])
    for source in reversed(says):
        given = source.get(name) if isinstance(source, dict) else None
        known |= given if isinstance(given, dict) else {}
    return {
        key: known[str(key)] if value == AUTO and key in known else value
        for key, value in section.items()
    }


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
