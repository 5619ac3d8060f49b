"""Data sets: one adapter each, which finds clips and knows their subjects and labels.

A new data set is a new file with a `find` of the same form, one line here, and its settings in
duchenne/params.py.
"""

from collections.abc import Callable
from pathlib import Path

from duchenne.datasets import demo, folder
from duchenne.datasets.clip import Found

ADAPTERS: dict[str, Callable[[Path], list[Found]]] = {
    "demo": demo.find,
    "folder": folder.find,
}
