"""Each value of `model` and `fusion`, declared once: inputs, network, published settings, paper.

A network is named as `module:class`, so that parameters can be checked without loading torch;
`duchenne.nets` loads it. What a network's own settings may be is in duchenne.config.training.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Scalar = str | int | float | None
Values = Mapping[str, Mapping[str, Scalar]]  # by section of params.yaml and key


class Chip(NamedTuple):
    """An aligned, upright picture of the face."""

    side: int  # px
    channels: int  # 1: grey, 3: RGB


@dataclass(frozen=True)
class Needs:
    """The inputs of a model, which decide what stages make and which clips they leave out."""

    landmarks: bool = False  # normalised landmarks of every frame
    chip: Chip | None = None  # face chips of this form
    dmarkers: bool = False  # D-Markers, always; where False, `fusion` may add them
    signals: bool = False  # the signals of lips, eyelids and cheeks
    unaligned: bool = False  # also takes photographs in which no landmarks were found
    fitted: bool = False  # fitted in one go to one row of numbers per clip; no epochs
    fuses: bool = False  # reads `fusion`


@dataclass(frozen=True)
class Version:
    """One row of docs/models.md."""

    parameters: int | None = None  # of the paper's own code; None: not known
    differs: str = ""  # how ours differs from the paper's
    arguments: Mapping[str, str] = field(default_factory=dict)  # keys of the model's section


@dataclass(frozen=True)
class Declaration:
    needs: Needs
    network: str = ""  # `module:class`; empty: training/fitting chooses the classifier
    sections: tuple[str, ...] = ()  # of params.yaml, read by it alone; (): the one of its name
    published: Values = field(default_factory=dict)  # own sections; what differs in common ones
    sources: Mapping[str, str] = field(
        default_factory=dict
    )  # of `published`: section.key or section
    paper: str = ""
    inputs: str = ""  # in words, where `needs` does not say it
    training_inputs: str = ""  # in words, where it takes more to train than to predict
    classes: int = 2  # with which the paper counts parameters
    versions: tuple[Version, ...] = ()  # (): one for each fusion


_COMPACT = Version(
    differs="compact, for faces of 478 points and some hundred clips; the paper's own has wider "
    "and more layers, for scenes of thousands of points"
)
# Networks that are ours in their sizes: AdamW with PyTorch's decay, and no step far too long.
_STEADY: Values = {"train": {"weight_decay": 0.01, "clip": 1.0}}
_STEADIER = "ours: PyTorch's default of AdamW, and a bound against rare steps that are far too long"
_OURS = "ours: the papers' own sizes are for scenes of thousands of points"
_PROBE = "a probe: where it beats chance, the data set gives its labels away"

MODELS: Mapping[str, Declaration] = {
    "mesh": Declaration(
        Needs(landmarks=True, fuses=True),
        network="duchenne.nets.smilenet:SmileNet.of",
        sections=("net", "multitask"),
        published={
            "net": {
                "points": "all", "neighbours": 20, "curves": 100, "steps": 5, "latents": 32,
                "depth": 6, "time_depth": 3, "dropout": 0.1, "momentum": 0.1,
            },
        },
        sources={
            "net": "the trunk of the MeshSmileNet, DeepMarkerNet and HadaSmileNet releases",
            "net.momentum": "PyTorch's, which no release changes",
        },
    ),
    "pstnet": Declaration(
        Needs(landmarks=True),
        network="duchenne.nets.pstnet:PstNet",
        published={"pstnet": {"width": 64, "anchors": 64, "neighbours": 9}, **_STEADY},
        sources={"pstnet": _OURS, "train": _STEADIER},
        paper="PSTNet (Fan et al. 2021)",
        versions=(_COMPACT,),
    ),
    "p4transformer": Declaration(
        Needs(landmarks=True),
        network="duchenne.nets.p4transformer:P4Transformer",
        published={
            "p4transformer": {
                "width": 128, "anchors": 32, "neighbours": 16, "depth": 3, "heads": 4,
            },
            **_STEADY,
        },
        sources={"p4transformer": _OURS, "train": _STEADIER},
        paper="P4Transformer (Fan et al. 2021)",
        versions=(_COMPACT,),
    ),
    "realsmilenet": Declaration(
        Needs(chip=Chip(48, 3)),
        network="duchenne.nets.realsmilenet:RealSmileNet",
        published={"train": {"epochs": 10, "lr": 1e-3}},
        sources={"train": "RealSmileNet's release; 10 epochs are its default"},
        paper="RealSmileNet (Yang et al. 2020)",
        versions=(
            Version(
                5_273,
                "differences are to the frame before that shows a face; published, padding took "
                "part in batch statistics, and testing cut frames away",
                {"memory": "convlstm"},
            ),
            Version(
                1_149_545,
                "the memory stops at the last frame; published, it ran on over padding",
                {"memory": "lstm"},
            ),
            Version(862_313, "as with lstm", {"memory": "gru"}),
        ),
    ),
    "dexpression": Declaration(
        Needs(chip=Chip(224, 1)),
        network="duchenne.nets.dexpression:DeXpression",
        published={
            "train": {"epochs": 25, "batch": 32, "lr": 1e-3},
            "window": {"frames": 1, "test": 16},
        },
        sources={
            "train": "DeXpression's release",
            "window.frames": "the paper: single pictures",
            "window.test": "ours: so many pictures of a clip are averaged",
        },
        paper="DeXpression (Burkert et al. 2015)",
        classes=7,
        versions=(
            Version(
                1_126_647,
                "whole people are held out; published, other frames of theirs were trained on",
            ),
        ),
    ),
    "scn": Declaration(
        Needs(chip=Chip(48, 1), unaligned=True),
        network="duchenne.nets.scn:Scn",
        published={
            "scn": {"width": 64},
            "train": {
                "epochs": 3000, "batch": 128, "lr": 0.01, "schedule": "linear",
            },
            "window": {"frames": 1, "test": 16},
            "augment": {"mirror": 0.5, "rotate": 5, "brightness": 0.5},
        },
        sources={
            "scn": "the release: ResNet18 of a first width of 64",
            "train": "the release, where the rate falls from epoch 100 on; here at once",
            "window.frames": "the release: single pictures",
            "window.test": "ours: so many pictures of a clip are averaged",
            "augment": "the release: mirror 0.5, turns by -5, 0 or 5 degrees, colour jitter 0.5",
        },
        paper="Self-cure network (Wang et al. 2020), with landmarks",
        training_inputs="face chips, 68 landmarks",
        classes=7,
        versions=(
            Version(
                11_242_704,
                "all cells of the last map are averaged, not the top left 16 of 36; the landmark "
                "loss counts faces that have landmarks, and the mean of these is taken from "
                "training faces, and left as it is; a replaced label can come back",
            ),
        ),
    ),
    "vit": Declaration(
        Needs(chip=Chip(64, 3)),
        network="duchenne.nets.vit:Vit",
        published={"vit": {"width": 192, "depth": 4, "heads": 3, "time_depth": 1}, **_STEADY},
        sources={
            "vit": "ours: the width and heads of ViT-Tiny, a third of its layers",
            "train": _STEADIER,
        },
        paper="Vision Transformer (Dosovitskiy et al. 2021)",
        versions=(
            Version(differs="compact, and frames are mixed by a small transformer over time"),
        ),
    ),
    "svm": Declaration(
        Needs(dmarkers=True, fitted=True),
        paper="after Dibeklioğlu et al. 2012, 2015",
        versions=(
            Version(
                differs="features are selected, and all settings chosen, by inner folds over "
                "training subjects; probabilities are calibrated there too"
            ),
        ),
    ),
    "trees": Declaration(
        Needs(dmarkers=True, fitted=True),
        versions=(Version(differs="gradient-boosted trees, stopped by training subjects"),),
    ),
    "rocket": Declaration(
        Needs(signals=True, fitted=True),
        paper="after MiniRocket (Dempster et al. 2021)",
        versions=(
            Version(
                differs="each kernel listens to some of the signals and their speeds; what is "
                "missing does not count; ridge regression and calibration as for `svm`"
            ),
        ),
    ),
    "duration": Declaration(
        Needs(dmarkers=True, fitted=True),  # whose table has the lengths
        inputs="clip length",
        versions=(Version(differs=f"logistic regression on seconds; {_PROBE}"),),
    ),
    "first_frame": Declaration(
        Needs(landmarks=True, fitted=True),
        inputs="landmarks at rest",
        versions=(Version(differs=f"logistic regression on the resting face; {_PROBE}"),),
    ),
    "majority": Declaration(
        Needs(fitted=True), versions=(Version(differs="the shares of the classes in training"),)
    ),
}  # fmt: skip
NEEDS: Mapping[str, Needs] = {name: model.needs for name, model in MODELS.items()}

# Each class says its paper, what it has of parameters there, and how it differs.
FUSIONS: Mapping[str, str] = {
    "none": "duchenne.nets.fusion.none:Alone",
    "multitask": "duchenne.nets.fusion.none:Multitask",
    "concat": "duchenne.nets.fusion.concat:Concat",
    "gated_concat": "duchenne.nets.fusion.gated_concat:GatedConcat",
    "additive": "duchenne.nets.fusion.additive:Additive",
    "hadamard": "duchenne.nets.fusion.hadamard:Hadamard",
    "hadamard_gated": "duchenne.nets.fusion.hadamard_gated:HadamardGated",
    "attention": "duchenne.nets.fusion.attention:Attention",
    "cross_attention": "duchenne.nets.fusion.cross_attention:CrossAttention",
    "mh_attention": "duchenne.nets.fusion.mh_attention:MultiHeadAttention",
    "mh_cross_attention": "duchenne.nets.fusion.mh_cross_attention:MultiHeadCrossAttention",
    "bilinear": "duchenne.nets.fusion.bilinear:Bilinear",
    "bilinear_hadamard": "duchenne.nets.fusion.bilinear_hadamard:BilinearHadamard",
    "factorized_bilinear": "duchenne.nets.fusion.factorized_bilinear:FactorizedBilinear",
    "factorized_bilinear_hadamard":
        "duchenne.nets.fusion.factorized_bilinear_hadamard:FactorizedBilinearHadamard",
    "film": "duchenne.nets.fusion.film:Film",
    "film_hadamard": "duchenne.nets.fusion.film_hadamard:FilmHadamard",
}  # fmt: skip
