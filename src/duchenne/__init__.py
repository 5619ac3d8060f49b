"""duchenne: from face videos to models that tell spontaneous from posed smiles."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`duchenne.measure` and `duchenne.Measurement`, imported on first use with all they need."""
    if name in ("measure", "Measurement"):  # by name: no part of what stages run
        return getattr(import_module(".measuring", __name__), name)
    raise AttributeError(f"module 'duchenne' has no attribute '{name}'")
