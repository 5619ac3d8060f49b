"""params.yaml as frozen, typed values; an unknown key or value is refused with a suggestion.

Only what changes a result lives here. How things run is engine.yaml, read by `duchenne.flow`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from duchenne.dataset_params import AUTO, PUBLISHED, Dataset, OfStills
from duchenne.errors import ParamsError, suggest
from duchenne.typed_yaml import Section, explain_all, read_yaml

Model = Literal[
    "mesh",
    "realsmilenet",
    "dexpression",
    "scn",
    "vit",
    "pstnet",
    "p4transformer",
    "svm",
    "trees",
    "duration",
    "first_frame",
    "majority",
]
Fusion = Literal[
    "none",
    "multitask",
    "concat",
    "gated_concat",
    "additive",
    "hadamard",
    "hadamard_gated",
    "attention",
    "cross_attention",
    "mh_attention",
    "mh_cross_attention",
    "bilinear",
    "bilinear_hadamard",
    "factorized_bilinear",
    "factorized_bilinear_hadamard",
    "film",
    "film_hadamard",
]


class Groups(Section):
    young: Annotated[float, Field(gt=0, le=150)]


class Decode(Section):
    fps: Annotated[float, Field(gt=0, le=1000)]
    max_side: Annotated[int, Field(ge=64, le=8192)]
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]


class Detect(Section):
    backend: Literal["mediapipe", "dlib"]
    select: Literal["largest", "center", "first", "error"]
    every: Annotated[float, Field(ge=0, le=5)]
    min_score: Annotated[float, Field(ge=0.5, le=1)]
    threads: Annotated[int, Field(ge=1, le=64)]


class Mesh(Section):
    backend: Literal["attention-mesh", "tasks", "dlib68"]
    model: str | None
    margin: Annotated[float, Field(ge=1, le=4)] | None
    threads: Annotated[int, Field(ge=1, le=64)]


class Normalize(Section):
    method: Literal["rigid", "minmax"]
    neutral_s: Annotated[float, Field(gt=0, le=5)]
    max_gap: Annotated[float, Field(ge=0, le=1)]


class DMarkers(Section):
    smooth: Literal["savgol", "4253h", "none"]
    min_slope: Annotated[float, Field(ge=0, lt=1)]
    neutral_s: Annotated[float, Field(gt=0, le=5)]
    lip_corners: Literal["outer", "legacy"]


Degrees = Annotated[float, Field(ge=0, le=180)]


class Quality(Section):
    max_failed: Annotated[float, Field(ge=0, le=1)]
    min_seen: Annotated[float, Field(ge=0, le=1)]
    max_gap: Annotated[float, Field(ge=0)]
    max_yaw: Degrees
    max_pitch: Degrees
    max_roll: Degrees
    min_size: Annotated[float, Field(ge=0)]
    max_jitter: Annotated[float, Field(gt=0)]


class Folds(Section):
    scheme: Literal["stratified", "leave-one-subject-out", "published"]
    count: Annotated[int, Field(ge=2, le=1000)]
    val: Annotated[float, Field(gt=0, le=0.5)]
    seed: Annotated[int, Field(ge=0)]
    within: str | None

    @field_validator("within", mode="before")
    @classmethod
    def _a_column_and_a_value(cls, within: object) -> object:
        """Joined by a colon: `dvc exp run -S` takes that without quotes."""
        if within is None or (isinstance(within, str) and all(within.partition(":"))):
            return within
        raise ValueError("it should be a group as column:value, such as gender:female")


class Window(Section):
    shows: Literal["shape", "motion", "velocity"]
    neutral_s: Annotated[float, Field(gt=0, le=5)]
    frames: Annotated[int, Field(ge=1, le=512)]
    fps: Annotated[float, Field(gt=0, le=1000)]
    test: Annotated[int, Field(ge=1, le=1000)]


class Augment(Section):
    mirror: Annotated[float, Field(ge=0, le=1)]
    rotate: Annotated[float, Field(ge=0, le=45)]
    scale: Annotated[float, Field(ge=0, le=0.5)]
    stretch: Annotated[float, Field(ge=0, le=0.5)]
    noise: Annotated[float, Field(ge=0, le=0.1)]


class Net(Section):
    encoder: Literal["curvenet", "linear"]
    attention: Literal["both", "space", "time"]
    points: Literal["all", "features"]
    neighbours: Annotated[int, Field(ge=1, le=256)]
    curves: Annotated[int, Field(ge=1, le=478)]
    steps: Annotated[int, Field(ge=1, le=64)]
    latents: Annotated[int, Field(ge=1, le=478)]
    depth: Annotated[int, Field(ge=1, le=48)]
    time_depth: Annotated[int, Field(ge=1, le=48)]
    heads: Annotated[int, Field(ge=1, le=64)]
    mlp: Annotated[int, Field(ge=1, le=8192)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    momentum: Annotated[float, Field(gt=0, le=1)]
    indicators: bool


class Train(Section):
    epochs: Annotated[int, Field(ge=1, le=100_000)]
    batch: Annotated[int, Field(ge=1, le=65_536)]
    lr: Annotated[float, Field(gt=0, le=1)]
    weight_decay: Annotated[float, Field(ge=0, le=1)]
    schedule: Literal["constant", "cosine"]
    warmup: Annotated[float, Field(ge=0, lt=1)]
    clip: Annotated[float, Field(gt=0)] | None
    balance: bool
    monitor: Literal["loss", "balanced_accuracy", "auc"]
    patience: Annotated[int, Field(ge=1)] | None
    precision: Literal["auto", "float32"]
    device: Literal["auto", "cpu", "cuda"]
    threads: Annotated[int, Field(ge=1, le=256)]


class Multitask(Section):
    weight: Annotated[float, Field(ge=0)]


class Training(Section):
    """All parameters that decide what a fold learns."""

    model: Model
    fusion: Fusion
    protocol: Literal["nested", "published"]
    seed: int
    window: Window
    augment: Augment
    net: Net
    train: Train
    multitask: Multitask


class Params(Section):
    dataset: str
    model: Model
    fusion: Fusion
    protocol: Literal["nested", "published"]
    seed: Annotated[int, Field(ge=0)]
    datasets: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")], Dataset]
    groups: Groups
    decode: Decode
    detect: Detect
    mesh: Mesh
    normalize: Normalize
    quality: Quality
    dmarkers: DMarkers
    folds: Folds
    window: Window
    augment: Augment
    net: Net
    train: Train
    multitask: Multitask

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
    def _auto_is_what_the_data_set_says(cls, values: dict[str, Any]) -> dict[str, Any]:
        sets = values.get("datasets")
        chosen = sets.get(values.get("dataset")) if isinstance(sets, dict) else None
        says = chosen.get(AUTO) if isinstance(chosen, dict) else None
        given = [name for name in PUBLISHED if name in values]
        return {**values, **{name: _resolved(values[name], name, says) for name in given}}

    @model_validator(mode="after")
    def _the_demo_is_called_demo(self) -> "Params":
        """The stage `demo` renders data/raw/demo, so no other set can be rendered, nor can this
        one be anything else."""
        rendered = {name for name, given in self.datasets.items() if given.adapter == "demo"}
        if rendered != {"demo"}:
            raise ValueError("exactly the set `demo` has the adapter demo, and it must be there")
        return self

    @model_validator(mode="after")
    def _photographs_do_not_move(self) -> "Params":
        moving = needs_motion(self.fusion, self.window)
        if moving and isinstance(self.datasets.get(self.dataset), OfStills):
            raise ValueError(f"{self.dataset} holds photographs, and {moving}")
        return self


def needs_motion(fusion: Fusion, window: Window) -> str:
    """Why photographs, in which nothing moves, do not do; empty where they do. They have no
    Duchenne Markers, and no way from a resting face."""
    asked = []
    if fusion != "none":
        asked.append(f"fusion: {fusion} (use fusion: none)")
    if window.shows != "shape":
        asked.append(f"window.shows: {window.shows} (use shape)")
    return f"{' and '.join(asked)} needs clips in which a face moves" if asked else ""


def _resolved(section: Any, name: str, says: Any) -> Any:
    """A section with `auto` replaced; anything that is no section is left to be refused."""
    if not isinstance(section, dict):
        return section
    of_set = says.get(name) if isinstance(says, dict) else None
    known = {**PUBLISHED[name], **(of_set if isinstance(of_set, dict) else {})}
    return {
        key: known[str(key)] if value == AUTO and key in known else value
        for key, value in section.items()
    }


def load(path: Path) -> Params:
    """Read and check a params.yaml; every problem in it is named, one line each."""
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
