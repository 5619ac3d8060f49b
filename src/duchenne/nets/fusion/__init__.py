"""Ways to bring a clip's D-Markers to its landmarks: one file each, and one line here."""

from duchenne.errors import suggest
from duchenne.nets.fusion import base
from duchenne.nets.fusion.additive import Additive
from duchenne.nets.fusion.attention import Attention
from duchenne.nets.fusion.base import Fusion
from duchenne.nets.fusion.bilinear import Bilinear
from duchenne.nets.fusion.bilinear_hadamard import BilinearHadamard
from duchenne.nets.fusion.concat import Concat
from duchenne.nets.fusion.cross_attention import CrossAttention
from duchenne.nets.fusion.factorized_bilinear import FactorizedBilinear
from duchenne.nets.fusion.factorized_bilinear_hadamard import FactorizedBilinearHadamard
from duchenne.nets.fusion.film import Film
from duchenne.nets.fusion.film_hadamard import FilmHadamard
from duchenne.nets.fusion.gated_concat import GatedConcat
from duchenne.nets.fusion.hadamard import Hadamard
from duchenne.nets.fusion.hadamard_gated import HadamardGated
from duchenne.nets.fusion.mh_attention import MultiHeadAttention
from duchenne.nets.fusion.mh_cross_attention import MultiHeadCrossAttention
from duchenne.nets.fusion.none import Alone
from duchenne.nets.settings import Settings

FUSIONS: dict[str, type[Fusion]] = {
    "none": Alone,
    "multitask": Alone,
    "concat": Concat,
    "gated_concat": GatedConcat,
    "additive": Additive,
    "hadamard": Hadamard,
    "hadamard_gated": HadamardGated,
    "attention": Attention,
    "cross_attention": CrossAttention,
    "mh_attention": MultiHeadAttention,
    "mh_cross_attention": MultiHeadCrossAttention,
    "bilinear": Bilinear,
    "bilinear_hadamard": BilinearHadamard,
    "factorized_bilinear": FactorizedBilinear,
    "factorized_bilinear_hadamard": FactorizedBilinearHadamard,
    "film": Film,
    "film_hadamard": FilmHadamard,
}


def build(settings: Settings) -> Fusion:
    return _named(settings.fusion)(settings)


def columns(settings: Settings) -> int:
    """M of `Windows.markers`: 0 where the fusion needs no D-Markers."""
    return base.columns(settings) if _named(settings.fusion).uses_markers else 0


def _named(name: str) -> type[Fusion]:
    if name not in FUSIONS:
        raise ValueError(f"there is no fusion '{name}'; {suggest(name, FUSIONS)}")
    return FUSIONS[name]
