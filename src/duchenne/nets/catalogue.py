"""The list of all models with their sizes, and docs/models.md made from it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from duchenne.config.models import MODELS, Declaration, Needs, Version
from duchenne.nets import fusion
from duchenne.nets.curvenet import CurveNet
from duchenne.nets.registry import build


@dataclass(frozen=True)
class Entry:
    """One choice of `model` and of `fusion` or another key; inputs are in words."""

    model: str
    variant: str  # the fusion, or `key: value`; empty where there is nothing to choose
    parameters: int | None  # None where their number depends on the clips that it is fitted to
    published: int | None  # of the paper's own code; None: not known
    training: str  # inputs
    inference: str  # inputs
    paper: str
    differs: str  # how ours differs from the published network, and why


def rows() -> list[Entry]:
    return [entry for name, model in MODELS.items() for entry in _entries(name, model)]


def size(network: Callable[[], nn.Module]) -> int:
    """The number of parameters, counted without memory for them."""
    with torch.device("meta"):
        return sum(values.numel() for values in network().parameters())


def _entries(name: str, model: Declaration) -> Iterator[Entry]:
    if model.needs.fuses:
        yield from (_fused(name, chosen) for chosen in fusion.FUSIONS)
    for version in model.versions:
        yield _entry(name, model, version)


def _entry(name: str, model: Declaration, version: Version) -> Entry:
    arguments = {"classes": model.classes, **version.arguments}
    inputs = model.inputs or _inputs(model.needs)
    return Entry(
        model=name,
        variant=", ".join(f"{key}: {value}" for key, value in version.arguments.items()),
        parameters=size(lambda: build(name, arguments)) if model.network else None,
        published=version.parameters,
        training=model.training_inputs or inputs,
        inference=inputs,
        paper=model.paper,
        differs=version.differs,
    )


def _fused(name: str, chosen: str) -> Entry:
    kind, both = fusion.FUSIONS[chosen], "landmarks, D-Markers"
    return Entry(
        model=name,
        variant=chosen,
        parameters=size(lambda: build(name, {"fusion": chosen})),
        published=kind.published,
        training=both if kind.uses_markers or kind.predicts_markers else "landmarks",
        inference=both if kind.uses_markers else "landmarks",
        paper=kind.paper,
        differs=kind.differs,
    )


def _inputs(needs: Needs) -> str:
    if needs.chip:
        return "face chips"
    if needs.landmarks:
        return "landmarks"
    if needs.signals:
        return "signals"
    return "D-Markers" if needs.dmarkers else "nothing"


_COMMON = """
## Where ours differ from the published

All `mesh` networks share one trunk: CurveNet (Xiang et al. 2021; {encoder:,} parameters) encodes
each frame, 32 latent tokens are pooled from the landmarks, and two transformers mix them. In all:

* a frame's place in time is added once to what enters a transformer, and to nothing that has no
  order; published, it was added in every layer, to a doubled input, and to the latent tokens too;
* absent frames are left out of the encoder, of batch statistics, attention and means; published,
  zeros stood for them and counted as faces;
* fusions with D-Markers take standardised ones of the whole clip, and share the widths of their
  projections and the head, so that a difference is the fusion's;
* no network ends in a sigmoid: logits go into the loss;
* in the encoder, each curve's descriptor mixes with its own two weights; the release reshapes them
  where it should transpose, which mixes those of different curves (up to 70 % of the encoder's
  output while it trains) and makes the output depend on the order of the curves.

Networks that see the face get aligned chips. Absent frames are masked in them, too: padding a clip
changes no output. Each in particular:
"""


def document() -> str:
    """Every model, its size, its inputs, and how it differs from its paper."""
    entries = rows()
    parts = [
        "# Models\n",
        "Made from the code by `make docs`. `model` and `fusion` are keys of params.yaml, and so",
        "is any other key that is named here, after the model's name (`realsmilenet.memory`).",
        "Parameters are counted by building the network with 478 landmarks and two classes, as",
        "published (`dexpression` and `scn`: seven); “published” counts those of the papers' own",
        "code. Models that are fitted have no fixed number.\n",
        "| model | fusion or key | parameters | published | trained with | predicts from | paper |",
        "|---|---|---|---|---|---|---|",
        *(_line(entry) for entry in entries),
        _COMMON.format(encoder=size(CurveNet)),
        *(f"* `{_name(entry)}`: {entry.differs}." for entry in entries if entry.differs),
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
