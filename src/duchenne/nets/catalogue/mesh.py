"""The landmark network with each of its fusions."""

from duchenne.nets import fusion
from duchenne.nets.catalogue.entry import Entry, size
from duchenne.nets.settings import Settings
from duchenne.nets.smilenet import SmileNet

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


def entries() -> list[Entry]:
    return [_entry(Settings(fusion=name)) for name in fusion.FUSIONS]


def _entry(settings: Settings) -> Entry:
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
