"""The demo: subject and label are in a file's name, as in s01_spontaneous_2.mp4."""

import re
from pathlib import Path

from duchenne.config.datasets import DemoDataset
from duchenne.datasets.clip import LABEL_NAMES, LABELS, Found, files_in
from duchenne.errors import DatasetError

_NAME = re.compile(r"(?P<subject>s\d+)_(?P<label>spontaneous|posed)_\d+\.mp4")


def find(folder: Path, settings: DemoDataset) -> list[Found]:
    """The clips that the stage demo has rendered."""
    found, strange = [], []
    for place in files_in(folder):
        match = _NAME.fullmatch(place)
        if match is None:
            strange.append(place)
            continue
        label = LABELS[match["label"]]
        found.append(Found(place, match["subject"], label, LABEL_NAMES[label]))
    if strange:
        raise DatasetError(
            f"{folder}: not made by the demo: {', '.join(strange)}; to use clips of your own, put "
            "them into a folder of their own (README.md says how)"
        )
    return found
