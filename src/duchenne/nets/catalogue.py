"""Every network there is, with its size, and docs/models.md made of that.

A model that is no landmark network comes with a function of its own in `_LISTS`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from duchenne.nets import fusion
from duchenne.nets.curvenet import CurveNet
from duchenne.nets.settings import Settings
from duchenne.nets.smilenet import SmileNet


@dataclass(frozen=True)
class Entry:
    """One choice of `model` and `fusion` in params.yaml; needs are in words."""

    model: str
    fusion: str  # empty where the model has none
    parameters: int
    published: int | None  # what the paper's own code has; None: not known
    training: str
    inference: str
    paper: str
    ours: str  # where it differs from the published one, and why; empty: in nothing of its own


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

Each in particular:
"""


def rows() -> list[Entry]:
    return [entry for entries in _LISTS for entry in entries()]


def size(build: Callable[[], nn.Module]) -> int:
    """The number of parameters, counted without giving them memory or values."""
    with torch.device("meta"):
        return sum(values.numel() for values in build().parameters())


def _mesh() -> list[Entry]:
    return [_entry(Settings(fusion=name)) for name in fusion.FUSIONS]


def _entry(settings: Settings) -> Entry:
    paper, published, ours = _MESH[settings.fusion]
    given = "landmarks, D-Markers" if fusion.columns(settings) else "landmarks"
    return Entry(
        model="mesh",
        fusion=settings.fusion,
        parameters=size(lambda: SmileNet(settings)),
        published=published,
        training="landmarks, D-Markers" if settings.fusion == "multitask" else given,
        inference=given,
        paper=paper,
        ours=ours,
    )


_LISTS: tuple[Callable[[], list[Entry]], ...] = (_mesh,)


def document() -> str:
    """docs/models.md: every model, its size, what it needs, and where it is not the published."""
    entries = rows()
    parts = [
        "# Models\n",
        "Made from the code by `make docs`. `model` and `fusion` are keys of params.yaml.",
        "Parameters are counted by building the network with 478 landmarks and two classes;",
        "“published” counts those of the papers' own code.\n",
        "| model | fusion | parameters | published | trained with | judges by | paper |",
        "|---|---|---|---|---|---|---|",
        *(_line(entry) for entry in entries),
        _COMMON.format(encoder=size(CurveNet)),
        *(f"* `{entry.fusion or entry.model}`: {entry.ours}." for entry in entries if entry.ours),
    ]
    return "\n".join(parts) + "\n"


def _line(entry: Entry) -> str:
    published = "" if entry.published is None else f"{entry.published:,}"
    cells = (entry.model, entry.fusion, f"{entry.parameters:,}", published)
    return f"| {' | '.join((*cells, entry.training, entry.inference, entry.paper))} |"
