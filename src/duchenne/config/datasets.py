"""What params.yaml says of each data set, and what `auto` stands for in other sections.

A key that is `auto` takes the value of the chosen data set, else the model's published value, else
the common published value.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from duchenne.config.models import MODELS, Scalar, Values
from duchenne.config.yaml import Section
from duchenne.errors import suggest

AUTO = "auto"
# Published values that all models share, by section and key.
_COMMON: Values = {
    "detect": {"min_score": 0.7},
    "quality": {"min_size": 40.0, "max_failed": 0.1, "max_outside": 0.1},
    "folds": {"scheme": "stratified", "count": 10},
    "window": {"shows": "shape", "frames": 16, "fps": 5.0, "test": 5},
    "augment": {
        "mirror": 0, "rotate": 0, "scale": 0, "stretch": 0, "noise": 0, "crop": 0, "brightness": 0,
        "warp": 0,
    },
    "train": {
        "epochs": 300, "batch": 16, "lr": 5e-4, "weight_decay": 0.0, "schedule": "constant",
        "warmup": 0, "clip": None,
    },
}  # fmt: skip
# Where they are from, by `section.key`, or by section for those that are not named alone.
COMMON_SOURCES: Mapping[str, str] = {
    "detect": "ours",
    "quality": "ours",
    "folds.scheme": "ours",
    "folds.count": "the folds of UvA-NEMO and BBC in the MeshSmileNet and HadaSmileNet releases",
    "window": "the MeshSmileNet and HadaSmileNet releases",
    "window.shows": "the releases: coordinates",
    "window.fps": "MeshSmileNet's poster: the best of its table of rates",
    "augment": "the releases: none is applied",
    "train": "the MeshSmileNet and HadaSmileNet releases",
    "train.warmup": "the releases: none",
    "train.schedule": "the releases: a milestone at epoch 299 of 300, so constant",
    "train.weight_decay": "the releases: AdamW with decay 0; those of other papers: Adam",
    "train.clip": "the releases: gradients are not clipped",
}
# Every key that may be `auto`, with its published value.
PUBLISHED: Values = {
    **_COMMON,
    **{
        section: values
        for model in MODELS.values()
        for section, values in model.published.items()
        if section not in _COMMON
    },
}
# Sections that no stage before crops and train reads: only these may depend on the model.
OF_TRAINING = tuple(name for name in PUBLISHED if name not in {"detect", "quality", "folds"})


def published_settings() -> list[tuple[str, str, Scalar, str]]:
    """Each value that `auto` may come to as published: key, model (empty: all), value, source."""
    of_models = [(name, model.published, model.sources) for name, model in MODELS.items()]
    return [
        (f"{section}.{key}", name, value, sources.get(f"{section}.{key}") or sources[section])
        for name, values, sources in [("", _COMMON, COMMON_SOURCES), *of_models]
        for section, keys in values.items()
        for key, value in keys.items()
    ]


def resolved(section: Any, name: str, says: list[Any]) -> Any:
    """A section with each `auto` replaced by its value.

    `says` are mappings of sections, the one that decides first; what none of them has is published.
    A section that is no mapping is returned as it is, for validation to refuse.
    """
    if not isinstance(section, dict):
        return section
    known: dict[str, Any] = dict(PUBLISHED[name])
    for source in reversed(says):
        given = source.get(name) if isinstance(source, Mapping) else None
        known |= given if isinstance(given, Mapping) else {}
    return {
        key: known[str(key)] if value == AUTO and key in known else value
        for key, value in section.items()
    }


class OfDataset(Section):
    """Settings of any data set: its values for keys that are `auto` elsewhere in params.yaml."""

    auto: Values = Field(default_factory=dict)  # whatever the model
    auto_for: Mapping[str, Values] = Field(default_factory=dict)  # by model, before `auto`

    @field_validator("auto")
    @classmethod
    def _keys_that_exist(cls, auto: Values) -> Values:
        _check_keys(auto)
        return auto

    @field_validator("auto_for")
    @classmethod
    def _models_that_exist(cls, auto_for: Mapping[str, Values]) -> Mapping[str, Values]:
        for model, says in auto_for.items():
            if model not in MODELS:
                raise ValueError(f"'{model}' is no model; {suggest(model, MODELS)}")
            _check_keys(says, OF_TRAINING)
        return auto_for


def _check_keys(says: Values, sections: Iterable[str] = PUBLISHED) -> None:
    """Refuse keys that cannot be `auto`."""
    known = {f"{section}.{key}" for section in sections for key in PUBLISHED[section]}
    for name in (f"{section}.{key}" for section, keys in says.items() for key in keys):
        if name not in known:
            raise ValueError(f"'{name}' cannot be auto; {suggest(name, known)}")


class DemoDataset(OfDataset):
    """The rendered demo: how many subjects and clips, and the side of a frame in px."""

    adapter: Literal["demo"]
    seed: Annotated[int, Field(ge=0)]
    subjects: Annotated[int, Field(ge=2, le=999)]
    clips_per_subject: Annotated[int, Field(ge=2, le=100, multiple_of=2)]
    size: Annotated[int, Field(ge=160, le=1024, multiple_of=2)]


CLASSES = {"posed", "spontaneous"}
Rate = Annotated[float, Field(gt=0, le=1000)]  # frames per second


class LandmarkArrays(Section):
    """How to read clips that are landmark arrays (.npy) instead of videos.

    `width` and `height` are those of the video, px. `fps` is one rate, or one for each class by
    its name, as the classes of MMI were filmed at different rates.
    """

    units: Literal["fraction", "pixels"]
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    fps: Rate | Mapping[str, Rate]

    @field_validator("fps", mode="before")
    @classmethod
    def _one_rate_or_one_for_each_class(cls, fps: Any) -> Any:
        """Check the union here: pydantic would report an error for each of its two types."""
        rates = list(fps.values()) if isinstance(fps, dict) else [fps]
        named = set(fps) if isinstance(fps, dict) else CLASSES
        fits = all(isinstance(rate, int | float) and 0 < rate <= 1000 for rate in rates)
        if not fits or named != CLASSES:
            raise ValueError(
                "it should be a number up to 1000, or one for posed and one for spontaneous"
            )
        return fps


class FolderDataset(OfDataset):
    """A user's own clips with clips.csv."""

    adapter: Literal["folder"]
    landmarks: LandmarkArrays | None = None


class SmileDataset(OfDataset):
    """A published set of spontaneous and posed smiles, as videos or as landmark arrays."""

    adapter: Literal["uva-nemo", "bbc", "mmi"]
    landmarks: LandmarkArrays | None = None


class SposDataset(OfDataset):
    """SPOS, which is distributed as folders of pictures."""

    adapter: Literal["spos"]
    fps: Rate | None = None  # of a sequence of pictures
    landmarks: LandmarkArrays | None = None


class OfStills(OfDataset):
    """A set of photographs, without any motion."""


class CkPlusDataset(OfStills):
    """CK+: the last `peaks` pictures of each sequence, and with `neutral` the first one."""

    adapter: Literal["ckplus"]
    peaks: Annotated[int, Field(ge=1, le=100)] = 3
    neutral: bool = False


class Fer2013Dataset(OfStills):
    """FER2013."""

    adapter: Literal["fer2013"]


Dataset = Annotated[
    DemoDataset | FolderDataset | SmileDataset | SposDataset | CkPlusDataset | Fer2013Dataset,
    Field(discriminator="adapter"),
]
