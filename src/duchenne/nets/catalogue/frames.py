"""Networks that see the face itself."""

from typing import Literal

from duchenne.nets.catalogue.entry import Entry, size
from duchenne.nets.dexpression import DeXpression
from duchenne.nets.realsmilenet import RealSmileNet
from duchenne.nets.scn import Scn
from duchenne.nets.vit import Vit

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


def entries() -> list[Entry]:
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
