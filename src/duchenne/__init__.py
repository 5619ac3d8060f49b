"""duchenne: from face videos to models that tell spontaneous from posed smiles."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`measure`, `Measurement` and `load_model`, imported on first use with all they need."""
    if name in ("measure", "Measurement"):  # by name: no part of what stages run
        return getattr(import_module(".measuring", __name__), name)
    if name == "load_model":
        return import_module(".predicting", __name__).load_model
    raise AttributeError(f"module 'duchenne' has no attribute '{name}'")
