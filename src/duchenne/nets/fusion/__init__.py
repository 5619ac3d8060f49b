"""Fusions: ways to combine a clip's landmarks and D-Markers, one file each.

Which there are is declared in duchenne.config.models.
"""

from pkgutil import resolve_name

from duchenne.config import models
from duchenne.errors import suggest
from duchenne.nets.fusion import base
from duchenne.nets.fusion.base import Fusion
from duchenne.nets.settings import MeshSettings

FUSIONS: dict[str, type[Fusion]] = {
    name: resolve_name(path) for name, path in models.FUSIONS.items()
}


def build(settings: MeshSettings) -> Fusion:
    return _named(settings.fusion)(settings)


def columns(settings: MeshSettings) -> int:
    """M of `Windows.markers`: 0 where the fusion has no D-Markers as inputs."""
    return base.columns(settings) if _named(settings.fusion).uses_markers else 0


def _named(name: str) -> type[Fusion]:
    if name not in FUSIONS:
        raise ValueError(f"there is no fusion '{name}'; {suggest(name, FUSIONS)}")
    return FUSIONS[name]
