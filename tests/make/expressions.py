"""Write data sets with the layout of CK+ and FER2013, with any pictures."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]
Draw = Callable[[int], Grey]  # a number → a grey picture, different for each number

USAGES = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}


def noise(number: int) -> Grey:
    """A picture of noise, different for each number."""
    return np.random.default_rng(number).integers(0, 256, (48, 48), np.uint8)


def write_sequence(
    root: Path,
    subject: str,
    sequence: str,
    *,
    label: int | None,
    pictures: int = 4,
    draw: Draw = noise,
    first: int | None = None,
    folders: tuple[str, str] = ("cohn-kanade-images", "Emotion"),
) -> None:
    """Write a sequence of CK+; `label` is 1 to 7, or None for a sequence without a label.

    Its pictures are drawn for the numbers from `first` on, by default for numbers of its own.
    """
    images, labels = (root / name / subject / sequence for name in folders)
    images.mkdir(parents=True)
    labels.mkdir(parents=True)
    number = 1000 * int(subject[1:]) + 10 * int(sequence) if first is None else first
    for at in range(pictures):
        name = f"{subject}_{sequence}_{at + 1:08d}"
        Image.fromarray(draw(number + at)).save(images / f"{name}.png")
    if label is not None:
        last = f"{subject}_{sequence}_{pictures:08d}_emotion.txt"
        (labels / last).write_text(f"   {label:.7e}\n")


def row(label: int, picture: Grey, usage: str) -> str:
    """A row of fer2013.csv."""
    return f"{label},{' '.join(map(str, picture.reshape(-1).tolist()))},{usage}"


def write_table(path: Path, rows: Iterable[str], *, header: str = "emotion,pixels,Usage") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def write_parts(root: Path, parts: Iterable[str], classes: Iterable[str], *, each: int = 1) -> None:
    """Pictures in <part>/<class>/."""
    number = 0
    for part in parts:
        for name in classes:
            (root / part / name).mkdir(parents=True)
            for at in range(each):
                number += 1
                Image.fromarray(noise(number)).save(root / part / name / f"{at}.jpg")
