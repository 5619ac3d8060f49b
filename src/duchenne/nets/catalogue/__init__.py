"""Every model there is, with its size, and docs/models.md made of that."""

from collections.abc import Callable

from duchenne.nets.catalogue import fitted, frames, mesh, points
from duchenne.nets.catalogue.entry import Entry, size
from duchenne.nets.curvenet import CurveNet

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
    mesh.entries,
    points.entries,
    frames.entries,
    fitted.entries,
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
