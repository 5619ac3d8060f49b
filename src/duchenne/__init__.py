"""duchenne: from face videos to models that tell spontaneous from posed smiles."""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`duchenne.measure` and `duchenne.Measurement`, imported on first use with all they need."""
    if name in ("measure", "Measurement"):
        from duchenne import measuring

        return getattr(measuring, name)
    raise AttributeError(f"module 'duchenne' has no attribute '{name}'")
