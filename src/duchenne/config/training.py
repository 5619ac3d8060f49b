"""The keys of params.yaml that training reads: the model, its input and settings, the optimiser."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Field

from duchenne.config.models import FUSIONS, MODELS, NEEDS
from duchenne.config.yaml import Section

if TYPE_CHECKING:
    Model = str
    Fusion = str
else:  # the declared names, so that a misspelt one is refused with a suggestion
    Model = Literal[tuple(MODELS)]
    Fusion = Literal[tuple(FUSIONS)]


class Window(Section):
    shows: Literal["shape", "motion", "velocity"]
    neutral_s: Annotated[float, Field(gt=0, le=5)]
    frames: Annotated[int, Field(ge=1, le=512)]
    fps: Annotated[float, Field(gt=0, le=1000)]
    test: Annotated[int, Field(ge=1, le=1000)]
    pad: Literal["mask", "zeros"]


class Augment(Section):
    mirror: Annotated[float, Field(ge=0, le=1)]
    rotate: Annotated[float, Field(ge=0, le=45)]
    scale: Annotated[float, Field(ge=0, le=0.5)]
    stretch: Annotated[float, Field(ge=0, le=0.5)]
    noise: Annotated[float, Field(ge=0, le=0.1)]
    crop: Annotated[float, Field(ge=0, le=0.5)]
    brightness: Annotated[float, Field(ge=0, le=0.9)]
    warp: Annotated[float, Field(ge=0, le=1)]


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
    schedule: Literal["constant", "cosine", "linear"]
    warmup: Annotated[float, Field(ge=0, lt=1)]
    clip: Annotated[float, Field(gt=0)] | None  # null: gradients of any length
    balance: bool
    match: Literal["none", "length"]
    durations: Literal["keep", "drop"]
    monitor: Literal["loss", "balanced_accuracy", "auc"]
    patience: Annotated[int, Field(ge=1)] | None
    precision: Literal["auto", "float32"]
    device: Literal["auto", "cpu", "cuda"]
    threads: Annotated[int, Field(ge=1, le=256)]


class Multitask(Section):
    weight: Annotated[float, Field(ge=0)]


class RealSmileNet(Section):
    memory: Literal["convlstm", "lstm", "gru"]
    penalty: Annotated[float, Field(ge=0, le=1)]


class Scn(Section):
    width: Annotated[int, Field(ge=4, le=512)]
    landmarks: bool
    rank: bool
    relabel: bool
    sure: Annotated[float, Field(gt=0, lt=1)]
    margin: Annotated[float, Field(ge=0, le=1)]
    doubt: Annotated[float, Field(ge=0, le=1)]
    relabel_from: Annotated[float, Field(ge=0, le=1)]


class Vit(Section):
    width: Annotated[int, Field(ge=8, le=4096)]
    depth: Annotated[int, Field(ge=1, le=48)]
    heads: Annotated[int, Field(ge=1, le=64)]
    time_depth: Annotated[int, Field(ge=0, le=48)]


class PstNet(Section):
    width: Annotated[int, Field(ge=4, le=4096)]
    anchors: Annotated[int, Field(ge=1, le=478)]
    neighbours: Annotated[int, Field(ge=1, le=478)]


class P4Transformer(Section):
    width: Annotated[int, Field(ge=4, le=4096)]
    anchors: Annotated[int, Field(ge=1, le=478)]
    neighbours: Annotated[int, Field(ge=1, le=478)]
    depth: Annotated[int, Field(ge=1, le=48)]
    heads: Annotated[int, Field(ge=1, le=64)]


class Svm(Section):
    kernel: Literal["auto", "linear", "rbf"]
    features: Annotated[int, Field(ge=1, le=225)] | Literal["auto"]


class Trees(Section):
    iterations: Annotated[int, Field(ge=1, le=10_000)]
    leaves: Annotated[int, Field(ge=2, le=1024)]
    rate: Annotated[float, Field(gt=0, le=1)]


class Rocket(Section):
    features: Annotated[int, Field(ge=84, le=50_000)]


class TrainingKeys(Section):
    """All keys of params.yaml that training may read."""

    model: Model
    fusion: Fusion
    protocol: Literal["nested", "published"]
    seed: Annotated[int, Field(ge=0)]
    window: Window
    augment: Augment
    train: Train
    # Sections of single models: none may be missing in params.yaml; None: another model's.
    net: Net | None
    multitask: Multitask | None
    realsmilenet: RealSmileNet | None
    scn: Scn | None
    vit: Vit | None
    pstnet: PstNet | None
    p4transformer: P4Transformer | None
    svm: Svm | None
    trees: Trees | None
    rocket: Rocket | None


OF_ONE_MODEL = tuple(
    name
    for name, key in TrainingKeys.model_fields.items()
    if type(None) in get_args(key.annotation)
)


class Training(TrainingKeys):
    """All that decides the weights of a fold, for the unit's key.

    A section that the model does not read is None, so that a change in it trains no other model
    again.
    """

    classes: tuple[str, ...]  # of network and fusion, as `module:class`: another one trains again

    @classmethod
    def of(cls, keys: TrainingKeys) -> "Training":
        """Of all keys those that the chosen model reads."""
        model = MODELS[keys.model]
        own = model.sections or (keys.model,)
        read: dict[str, Any] = {
            name: None if name in OF_ONE_MODEL and name not in own else getattr(keys, name)
            for name in TrainingKeys.model_fields
        }
        return cls(classes=(model.network, FUSIONS[keys.fusion]), **read)


def needs_motion(model: Model, fusion: Fusion, window: Window) -> str:
    """Why this model cannot take photographs; empty where it can. A photograph has no D-Markers, no
    duration, and neither a resting face nor a displacement from it."""
    asked = []
    if NEEDS[model].dmarkers or NEEDS[model].signals or model == "first_frame":
        asked.append(f"model: {model}")
    if fusion != "none":
        asked.append(f"fusion: {fusion} (use fusion: none)")
    looks = NEEDS[model].landmarks or NEEDS[model].chip is not None
    if window.shows != "shape" and looks and not NEEDS[model].fitted:
        asked.append(f"window.shows: {window.shows} (use shape)")
    return f"{' and '.join(asked)} needs clips in which a face moves" if asked else ""


_OF_LANDMARKS = {"scale", "noise"}
_OF_PICTURES = {"crop", "brightness", "warp"}


def idle_augment(model: Model, augment: Augment, window: Window) -> str:
    """Which augmentations are set that do not apply to this model's input; empty if all apply."""
    needs, user = NEEDS[model], f"model: {model}"
    idle = _OF_LANDMARKS if needs.chip else _OF_PICTURES
    if (
        needs.chip and window.shows == "velocity"
    ):  # computed before the warp, which cannot change it
        idle, user = idle | {"warp"}, f"{user} with window.shows: velocity"
    if needs.fitted:
        idle = set(Augment.model_fields)
    asked = [f"augment.{name}" for name, value in augment.model_dump().items()
             if value and name in idle]  # fmt: skip
    return f"{user} has no use for {' and '.join(asked)}; set it to 0" if asked else ""


def idle_settings(model: Model, fusion: Fusion, window: Window, train: Train) -> str:
    """Which settings about clip length would change nothing for this model; empty if none."""
    needs = NEEDS[model]
    if window.pad == "zeros" and needs.fitted:
        return f"model: {model} sees no windows, and window.pad: zeros fills them; use mask"
    if window.pad == "zeros" and window.frames == 1:
        return "a window of one frame has no end to fill with window.pad: zeros; use mask"
    blind = model == "duration" or not needs.dmarkers
    if train.durations == "drop" and blind and fusion == "none":
        sees = f"model: {model} with fusion: none" if needs.fuses else f"model: {model}"
        return f"train.durations: drop leaves out Duchenne Markers, and {sees} sees none; use keep"
    return ""
