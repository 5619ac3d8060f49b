"""params.yaml as frozen, typed values; unknown keys and values are refused with a suggestion.

It has all settings that change a result. How stages run is in engine.yaml (`duchenne.flow`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from duchenne.config.datasets import AUTO, PUBLISHED, Dataset, OfStills, resolved
from duchenne.config.models import MODELS
from duchenne.config.training import (
    OF_ONE_MODEL,
    TrainingKeys,
    idle_augment,
    idle_settings,
    needs_motion,
)
from duchenne.config.yaml import Section, explain_all, read_yaml
from duchenne.errors import ParamsError, suggest


class Groups(Section):
    young: Annotated[float, Field(gt=0, le=150)]  # years


class Decode(Section):
    fps: Annotated[float, Field(gt=0, le=1000)]  # Hz
    max_side: Annotated[int, Field(ge=64, le=8192)]  # px
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]


class Detect(Section):
    backend: Literal["mediapipe", "dlib"]
    select: Literal["largest", "center", "first", "error"]
    every: Annotated[float, Field(ge=0, le=5)]  # s
    min_score: Annotated[float, Field(ge=0.5, le=1)]
    threads: Annotated[int, Field(ge=1, le=64)]
    cuts: Literal["refuse", "longest"]


class Mesh(Section):
    backend: Literal["attention-mesh", "tasks", "dlib68"]
    model: str | None
    margin: Annotated[float, Field(ge=1, le=4)] | None  # side of the crop / side of the face
    threads: Annotated[int, Field(ge=1, le=64)]


class Normalize(Section):
    method: Literal["rigid", "minmax"]
    neutral_s: Annotated[float, Field(gt=0, le=5)]
    max_gap: Annotated[float, Field(ge=0, le=1)]  # s


class DMarkers(Section):
    smooth: Literal["savgol", "4253h", "none"]
    phases: Literal["events", "published"]
    which: Literal["largest", "first", "longest"]
    rest: Literal["search", "start"]
    neutral_s: Annotated[float, Field(gt=0, le=5)]
    blinks: Literal["bridge", "keep"]
    lip_corners: Literal["outer", "legacy"]


Degrees = Annotated[float, Field(ge=0, le=180)]


class Quality(Section):
    max_failed: Annotated[float, Field(ge=0, le=1)]  # share of the clips
    min_seen: Annotated[float, Field(ge=0, le=1)]  # share of the frames
    max_gap: Annotated[float, Field(ge=0)]  # s
    max_yaw: Degrees
    max_pitch: Degrees
    max_roll: Degrees
    min_size: Annotated[float, Field(ge=0)]  # px
    max_jitter: Annotated[float, Field(gt=0)]  # inter-ocular distances
    max_outside: Annotated[float, Field(ge=0, le=1)]  # share of the frames with a face


class Folds(Section):
    scheme: Literal["stratified", "leave-one-subject-out", "published"]
    count: Annotated[int, Field(ge=2, le=1000)]
    val: Annotated[float, Field(gt=0, le=0.5)]  # share of the subjects outside the test part
    seed: Annotated[int, Field(ge=0)]
    within: str | None

    @field_validator("within", mode="before")
    @classmethod
    def _a_column_and_a_value(cls, within: object) -> object:
        """One string with a colon, since `dvc exp run -S` takes that without quotes."""
        if within is None or (isinstance(within, str) and all(within.partition(":"))):
            return within
        raise ValueError("it should be a group as column:value, such as gender:female")


class Params(TrainingKeys):
    dataset: str
    datasets: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")], Dataset]
    groups: Groups
    decode: Decode
    detect: Detect
    mesh: Mesh
    normalize: Normalize
    quality: Quality
    dmarkers: DMarkers
    folds: Folds

    @field_validator(*OF_ONE_MODEL, mode="before")
    @classmethod
    def _no_section_is_null(cls, section: object) -> object:
        if section is None:
            raise ValueError("it should hold the section's keys")
        return section

    @model_validator(mode="before")
    @classmethod
    def _adapter_is_the_name_unless_given(cls, values: dict[str, Any]) -> dict[str, Any]:
        sets = values.get("datasets")
        if not isinstance(sets, dict):
            return values
        named = {
            name: {"adapter": str(name), **(given or {})}
            if isinstance(given, dict | None)
            else given
            for name, given in sets.items()
        }
        return {**values, "datasets": named}

    @model_validator(mode="before")
    @classmethod
    def _auto_is_what_data_set_and_model_say(cls, values: dict[str, Any]) -> dict[str, Any]:
        sets, model = values.get("datasets"), values.get("model")
        chosen = sets.get(values.get("dataset")) if isinstance(sets, dict) else None
        chosen = chosen if isinstance(chosen, dict) else {}
        of_models = chosen.get(f"{AUTO}_for")
        of_model = of_models.get(model) if isinstance(of_models, dict) else None
        declared = MODELS.get(str(model))
        says = [of_model, chosen.get(AUTO), declared.published if declared else None]
        given = [name for name in PUBLISHED if name in values]
        return {**values, **{name: resolved(values[name], name, says) for name in given}}

    @model_validator(mode="after")
    def _the_demo_is_called_demo(self) -> "Params":
        """The stage `demo` renders data/raw/demo, so exactly that set has the adapter demo."""
        rendered = {name for name, given in self.datasets.items() if given.adapter == "demo"}
        if rendered != {"demo"}:
            raise ValueError("datasets: exactly the set `demo` has the adapter demo and is there")
        return self

    @model_validator(mode="after")
    def _photographs_do_not_move(self) -> "Params":
        moving = needs_motion(self.model, self.fusion, self.window)
        if moving and isinstance(self.datasets.get(self.dataset), OfStills):
            raise ValueError(f"{self.dataset} holds photographs, and {moving}")
        return self

    @model_validator(mode="after")
    def _what_the_model_has_no_use_for(self) -> "Params":
        needs = MODELS[self.model].needs
        if self.fusion != "none" and not needs.fuses:
            raise ValueError(
                f"fusion: {self.fusion} is for model: mesh alone; with model: {self.model} use "
                "fusion: none"
            )
        if self.protocol == "published" and needs.fitted:
            raise ValueError(
                f"protocol: published chooses the epoch, and model: {self.model} has none; use "
                "protocol: nested"
            )
        idle = idle_augment(self.model, self.augment, self.window) or idle_settings(
            self.model, self.fusion, self.window, self.train
        )
        if idle:
            raise ValueError(idle)
        return self


def load(path: Path) -> Params:
    """Read and check a params.yaml; the error has a line for each problem."""
    values = read_yaml(path)
    try:
        params = Params.model_validate(values)
    except ValidationError as error:
        raise ParamsError(f"{path.name}: {explain_all(Params, error)}") from None
    if params.dataset not in params.datasets:
        raise ParamsError(
            f"{path.name}: dataset: '{params.dataset}' is not described under `datasets:`; "
            + suggest(params.dataset, params.datasets)
        )
    return params
