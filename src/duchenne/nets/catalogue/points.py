"""Networks that see a face as a cloud of points."""

from duchenne.nets.catalogue.entry import Entry, size
from duchenne.nets.p4transformer import P4Transformer
from duchenne.nets.pstnet import PstNet

_COMPACT = (
    "compact, for faces of 478 points and some hundred clips; the paper's own has wider and more "
    "layers, for scenes of thousands of points"
)


def entries() -> list[Entry]:
    return [
        _entry("pstnet", size(lambda: PstNet(classes=2)), "PSTNet (Fan et al. 2021)"),
        _entry(
            "p4transformer",
            size(lambda: P4Transformer(classes=2)),
            "P4Transformer (Fan et al. 2021)",
        ),
    ]


def _entry(model: str, parameters: int, paper: str) -> Entry:
    return Entry(model, "", parameters, None, "landmarks", "landmarks", paper, _COMPACT)
