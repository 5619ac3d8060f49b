"""The sections of params.yaml under `datasets`: settings of each set, and its values of `auto`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from duchenne.config.models import NEEDS, OF_TRAINING, PUBLISHED, Scalar
from duchenne.config.yaml import Section
from duchenne.errors import suggest

Says = Mapping[str, Mapping[str, Scalar]]  # by section and key


class OfDataset(Section):
    """Settings of any data set: its values for keys that are `auto` elsewhere in params.yaml."""

    auto: Says = Field(default_factory=dict)  # whatever the model
    auto_for: Mapping[str, Says] = Field(default_factory=dict)  # by model; goes before `auto`

    @field_validator("auto")
    @classmethod
    def _keys_that_exist(cls, auto: Says) -> Says:
        _check_keys(auto)
        return auto

    @field_validator("auto_for")
    @classmethod
    def _models_that_exist(cls, auto_for: Mapping[str, Says]) -> Mapping[str, Says]:
        for model, says in auto_for.items():
            if model not in NEEDS:
                raise ValueError(f"'{model}' is no model; {suggest(model, NEEDS)}")
            _check_keys(says, OF_TRAINING)
        return auto_for


def _check_keys(says: Says, sections: Iterable[str] = PUBLISHED) -> None:
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
