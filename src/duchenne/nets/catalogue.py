"""Every model there is, with its size, and docs/models.md made of that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from duchenne.nets import fusion
from duchenne.nets.curvenet import CurveNet
from duchenne.nets.dexpression import DeXpression
from duchenne.nets.p4transformer import P4Transformer
from duchenne.nets.pstnet import PstNet
from duchenne.nets.realsmilenet import RealSmileNet
from duchenne.nets.scn import Scn
from duchenne.nets.settings import Settings
from duchenne.nets.smilenet import SmileNet
from duchenne.nets.vit import Vit


@dataclass(frozen=True)
class Entry:
    """One choice of `model` and `fusion` (or of a key of the model's own); needs are in words."""

    model: str
    variant: str  # the fusion, or `key: value`; empty where there is nothing to choose
    parameters: int | None  # None where their number depends on the clips that it is fitted to
    published: int | None  # what the paper's own code has; None: not known
    training: str
    inference: str
    paper: str
    ours: str  # where it differs from the published one, and why; empty: in nothing of its own


def size(build: Callable[[], nn.Module]) -> int:
    """The number of parameters, counted without giving them memory or values."""
    with torch.device("meta"):
        return sum(values.numel() for values in build().parameters())


_HADASMILENET = "HadaSmileNet"
_PRODUCT = "both sides of the product are normalised: free projections give it long tails"
_BILINEAR = f"the common trunk; published with one of its own, so incomparable; {_PRODUCT}"
_SEQUENCES = "published with sequences of one element, so that the landmarks had no effect"
# fusion: paper, published number of parameters, what differs
_MESH = {
    "none": ("MeshSmileNet", 4_896_337, ""),
    "multitask": (
        "DeepMarkerNet",
        4_952_361,
        "225 D-Markers, not 216; a head per region and phase, not one for all; a loss that is not "
        "squashed, since the published one has almost no gradient",
    ),
    "concat": (_HADASMILENET, 5_151_313, ""),
    "gated_concat": (_HADASMILENET, 5_217_105, ""),
    "additive": (_HADASMILENET, 5_285_459, ""),
    "hadamard": (_HADASMILENET, 5_151_569, _PRODUCT),
    "hadamard_gated": (_HADASMILENET, 5_282_897, _PRODUCT),
    "attention": (
        _HADASMILENET,
        5_348_945,
        f"frames ask the nine D-Marker tokens; {_SEQUENCES}; no biases of query, key and value",
    ),
    "cross_attention": (
        _HADASMILENET,
        5_348_945,
        f"the nine D-Marker tokens ask the frames, too; {_SEQUENCES}, and the same "
        "as `attention`; a map more, none with biases",
    ),
    "mh_attention": (
        _HADASMILENET,
        5_413_969,
        f"frames ask the nine D-Marker tokens with four heads; {_SEQUENCES}",
    ),
    "mh_cross_attention": (
        _HADASMILENET,
        5_216_593,
        f"the latent tokens of all frames ask with four heads; {_SEQUENCES}",
    ),
    "bilinear": (_HADASMILENET, 20_874_033, _BILINEAR),
    "bilinear_hadamard": (_HADASMILENET, 20_939_825, _BILINEAR),
    "factorized_bilinear": (_HADASMILENET, 4_491_057, _BILINEAR),
    "factorized_bilinear_hadamard": (_HADASMILENET, 4_556_849, _BILINEAR),
    "film": (
        _HADASMILENET,
        5_545_809,
        "scale and shift do not end in a ReLU, which let them lower nothing; the scale starts at 1",
    ),
    "film_hadamard": (_HADASMILENET, 5_546_321, _PRODUCT),
}


def _mesh() -> list[Entry]:
    return [_mesh_entry(Settings(fusion=name)) for name in fusion.FUSIONS]


def _mesh_entry(settings: Settings) -> Entry:
    paper, published, ours = _MESH[settings.fusion]
    given = "landmarks, D-Markers" if fusion.columns(settings) else "landmarks"
    return Entry(
        model="mesh",
        variant=settings.fusion,
        parameters=size(lambda: SmileNet(settings)),
        published=published,
        training="landmarks, D-Markers" if settings.fusion == "multitask" else given,
        inference=given,
        paper=paper,
        ours=ours,
    )


_COMPACT = (
    "compact, for faces of 478 points and some hundred clips; the paper's own has wider and more "
    "layers, for scenes of thousands of points"
)


def _points() -> list[Entry]:
    return [
        _point_entry("pstnet", size(lambda: PstNet(classes=2)), "PSTNet (Fan et al. 2021)"),
        _point_entry(
            "p4transformer",
            size(lambda: P4Transformer(classes=2)),
            "P4Transformer (Fan et al. 2021)",
        ),
    ]


def _point_entry(model: str, parameters: int, paper: str) -> Entry:
    return Entry(model, "", parameters, None, "landmarks", "landmarks", paper, _COMPACT)


Memory = Literal["convlstm", "lstm", "gru"]

_MEMORIES: dict[Memory, tuple[int, str]] = {
    "convlstm": (
        5_273,
        "differences are to the frame before that shows a face; published, padding took part in "
        "batch statistics, and testing cut frames away",
    ),
    "lstm": (1_149_545, "the memory stops at the last frame; published, it ran on over padding"),
    "gru": (862_313, "as with lstm"),
}


def _frames() -> list[Entry]:
    return [
        *(_realsmilenet(memory, *facts) for memory, facts in _MEMORIES.items()),
        Entry(
            "dexpression",
            "",
            size(lambda: DeXpression(classes=7)),
            1_126_647,
            "face chips",
            "face chips",
            "DeXpression (Burkert et al. 2015)",
            "whole people are held out; published, other frames of theirs taught",
        ),
        Entry(
            "scn",
            "",
            size(lambda: Scn(classes=7)),
            11_242_704,
            "face chips, 68 landmarks",
            "face chips",
            "Self-cure network (Wang et al. 2020), with landmarks",
            "all cells of the last map are averaged, not the top left 16 of 36; the landmark loss "
            "counts faces that have landmarks, and the mean of these is taken from training faces, "
            "and left as it is; a replaced label can come back",
        ),
        Entry(
            "vit",
            "",
            size(lambda: Vit(classes=2)),
            None,
            "face chips",
            "face chips",
            "Vision Transformer (Dosovitskiy et al. 2021)",
            "compact, and frames are mixed by a small transformer over time",
        ),
    ]


def _realsmilenet(memory: Memory, published: int, ours: str) -> Entry:
    return Entry(
        "realsmilenet",
        f"memory: {memory}",
        size(lambda: RealSmileNet(classes=2, memory=memory)),
        published,
        "face chips",
        "face chips",
        "RealSmileNet (Yang et al. 2020)",
        ours,
    )


_SVM = (
    "features are selected, and all settings chosen, by inner folds over training subjects; "
    "probabilities are calibrated there too"
)
_PROBE = "a probe: where it beats chance, the data set gives its labels away"
# model: what it looks at, paper, what differs
_FITTED = {
    "svm": ("D-Markers", "after Dibeklioğlu et al. 2012, 2015", _SVM),
    "trees": ("D-Markers", "", "gradient-boosted trees, stopped by training subjects"),
    "duration": ("clip length", "", f"logistic regression on seconds; {_PROBE}"),
    "first_frame": ("landmarks at rest", "", f"logistic regression on the resting face; {_PROBE}"),
    "majority": ("nothing", "", "the shares of the classes in training"),
}


def _fitted() -> list[Entry]:
    return [
        Entry(model, "", None, None, looks, looks, paper, ours)
        for model, (looks, paper, ours) in _FITTED.items()
    ]


_COMMON = """
## Where ours differ from the published

All `mesh` networks share one trunk: CurveNet (Xiang et al. 2021; {encoder:,} parameters) encodes
each frame, 32 latent tokens are pooled from the landmarks, and two transformers mix them. In all:

* a frame's place in time is added once to what enters a transformer, and to nothing that has no
  order; published, it was added in every layer, to a doubled input, and to the latent tokens too;
* absent frames are left out of the encoder, of batch statistics, attention and means; published,
  zeros stood for them and counted as faces;
* the fifteen fusions are given standardised D-Markers of the whole clip, and share the widths of
  their projections and the head, so that a difference is the fusion's;
* no network ends in a sigmoid: logits go into the loss.

Networks that see the face get aligned chips. Absent frames are masked in them, too: padding a clip
changes no output. Each in particular:
"""


_LISTS: tuple[Callable[[], list[Entry]], ...] = (
    _mesh,
    _points,
    _frames,
    _fitted,
)


def rows() -> list[Entry]:
    return [entry for entries in _LISTS for entry in entries()]


def document() -> str:
    """docs/models.md: every model, its size, what it needs, and where it is not the published."""
    entries = rows()
    parts = [
        "# Models\n",
        "Made from the code by `make docs`. `model` and `fusion` are keys of params.yaml, and so",
        "is any other key that is named here, after the model's name (`realsmilenet.memory`).",
        "Parameters are counted by building the network with 478 landmarks and two classes, as",
        "published (`dexpression` and `scn`: seven); “published” counts those of the papers' own",
        "code. What is fitted has no fixed number.\n",
        "| model | fusion or key | parameters | published | trained with | judges by | paper |",
        "|---|---|---|---|---|---|---|",
        *(_line(entry) for entry in entries),
        _COMMON.format(encoder=size(CurveNet)),
        *(f"* `{_name(entry)}`: {entry.ours}." for entry in entries if entry.ours),
    ]
    return "\n".join(parts) + "\n"


def count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _name(entry: Entry) -> str:
    """A fusion by itself, anything else with its model."""
    if entry.model == "mesh":
        return entry.variant
    return f"{entry.model} {entry.variant}".strip()


def _line(entry: Entry) -> str:
    sizes = count(entry.parameters), count(entry.published)
    cells = (entry.model, entry.variant, *sizes, entry.training, entry.inference, entry.paper)
    return f"| {' | '.join(cells)} |"
