"""MediaPipe without matplotlib, which it imports only to draw with, and which takes longer."""

import importlib
import sys
from types import ModuleType
from typing import Any

_TO_DRAW = ("matplotlib", "matplotlib.pyplot")


def load(name: str) -> Any:
    """A module of MediaPipe, at its first use: half a second that only workers should pay."""
    absent = [each for each in _TO_DRAW if each not in sys.modules]
    sys.modules.update({each: ModuleType(each) for each in absent})
    try:
        return importlib.import_module(name)
    finally:
        for each in absent:
            del sys.modules[each]
