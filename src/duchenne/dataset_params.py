"""What params.yaml says of each data set, and what a data set may say of other settings."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from duchenne.errors import suggest
from duchenne.typed_yaml import Section

# These keys may be `auto`: then the chosen data set says (under its own `auto:`), and where it does
# not, the published or else the usual value holds.
PUBLISHED: Mapping[str, Mapping[str, str | int | float]] = {
    "detect": {"min_score": 0.7},
    "quality": {"min_size": 40.0},
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
    "augment": {"mirror": 0, "rotate": 0, "scale": 0, "stretch": 0, "noise": 0},
    "window": {"shows": "shape", "frames": 16, "fps": 5.0, "test": 5},
    "train": {"epochs": 300, "batch": 16, "lr": 5e-4, "schedule": "constant", "warmup": 0},
}
AUTO = "auto"


class OfDataset(Section):
    """What every data set may say of itself."""

    auto: Mapping[str, Mapping[str, str | int | float]] = Field(default_factory=dict)

    @field_validator("auto")
    @classmethod
    def _keys_that_exist(
        cls, auto: Mapping[str, Mapping[str, str | int | float]]
    ) -> Mapping[str, Mapping[str, str | int | float]]:
        known = {f"{section}.{key}" for section, keys in PUBLISHED.items() for key in keys}
        given = [f"{section}.{key}" for section, keys in auto.items() for key in keys]
        for name in given:
            if name not in known:
                raise ValueError(f"'{name}' cannot be auto; {suggest(name, known)}")
        return auto


class DemoDataset(OfDataset):
    adapter: Literal["demo"]
    seed: Annotated[int, Field(ge=0)]
    subjects: Annotated[int, Field(ge=2, le=999)]
    clips_per_subject: Annotated[int, Field(ge=2, le=100, multiple_of=2)]
    size: Annotated[int, Field(ge=160, le=1024, multiple_of=2)]


CLASSES = {"posed", "spontaneous"}
Rate = Annotated[float, Field(gt=0, le=1000)]  # frames per second


class LandmarkArrays(Section):
    """How to read clips that are landmark arrays (.npy) instead of videos.

    `fps` may differ from class to class, by the class's name: MMI's were filmed at different rates.
    """

    units: Literal["fraction", "pixels"]
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    fps: Rate | Mapping[str, Rate]

    @field_validator("fps", mode="before")
    @classmethod
    def _one_rate_or_one_for_each_class(cls, fps: Any) -> Any:
        """Said here, since of two kinds that may stand there pydantic complains of both."""
        rates = list(fps.values()) if isinstance(fps, dict) else [fps]
        named = set(fps) if isinstance(fps, dict) else CLASSES
        fits = all(isinstance(rate, int | float) and 0 < rate <= 1000 for rate in rates)
        if not fits or named != CLASSES:
            raise ValueError(
                "it should be a number up to 1000, or one for posed and one for spontaneous"
            )
        return fps


class FolderDataset(OfDataset):
    adapter: Literal["folder"]
    landmarks: LandmarkArrays | None = None


class SmileDataset(OfDataset):
    """A published set of spontaneous and posed smiles, videos or landmarks made of them."""

    adapter: Literal["uva-nemo", "bbc", "mmi"]
    landmarks: LandmarkArrays | None = None


class SposDataset(OfDataset):
    """SPOS, whose owners hand out folders of pictures."""

    adapter: Literal["spos"]
    fps: Rate | None = None  # of sequences of pictures
    landmarks: LandmarkArrays | None = None


class OfStills(OfDataset):
    """A set of photographs, of which none shows how an expression comes and goes."""


class CkPlusDataset(OfStills):
    adapter: Literal["ckplus"]
    peaks: Annotated[int, Field(ge=1, le=100)] = 3
    neutral: bool = False


class Fer2013Dataset(OfStills):
    adapter: Literal["fer2013"]


Dataset = Annotated[
    DemoDataset | FolderDataset | SmileDataset | SposDataset | CkPlusDataset | Fer2013Dataset,
    Field(discriminator="adapter"),
]
