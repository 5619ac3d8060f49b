"""FER2013 as pictures in folders: `train/angry/1.jpg`, `test/…`, and perhaps `validation/…`.

Where there is no validation part, the folds draw one from the training part.
"""

from pathlib import Path, PurePosixPath

from duchenne.datasets.adapters.emotions import class_of
from duchenne.datasets.adapters.fer2013_names import CLASSES, FOLD, role_of
from duchenne.datasets.clip import Found, files_in, kind_of
from duchenne.errors import DatasetError, listed
from duchenne.subjects import unknown

SHOWN = 50  # names in a message; a set that is wrong throughout has thousands


def find(folder: Path) -> list[Found]:
    """Every picture; all that lie elsewhere than they should are named."""
    found, strange = [], []
    for place in files_in(folder):
        path = PurePosixPath(place)
        if kind_of(place) != "image" or path.name.startswith("."):
            continue
        label, role = class_of(path.parent.name, CLASSES), role_of(path.parent.parent.name)
        if label is None or role is None:
            strange.append(place)
        else:
            found.append(Found(place, unknown(place), label, CLASSES[label], fold=FOLD, role=role))
    if strange:
        raise DatasetError(
            f"{folder}: pictures that do not lie in <part>/<class>/ (train, validation or test; "
            f"{', '.join(CLASSES)}): {listed(strange, shown=SHOWN)}"
        )
    return found
