"""Small clips of face chips that differ by class, a fold of them, and tiny settings."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from duchenne.config.models import NEEDS
from duchenne.config.training import Training
from duchenne.training.chip_batches import ChipClip
from duchenne.training.chip_inputs import prepare_chips
from duchenne.training.loop import Learnt, learn
from duchenne.training.prepare import Prepared, prepare
from duchenne.training.protocol import PROTOCOLS, Split, split
from tests.make import fold_cases

ROLES = {f"c{n:02d}": role for n, role in enumerate(["train"] * 8 + ["val"] * 4 + ["test"] * 4)}
SUBJECTS = {name: f"s{n // 2}" for n, name in enumerate(ROLES)}
_TINY: dict[str, Any] = {
    "window__frames": 3, "window__fps": 5.0, "window__test": 2, "train__epochs": 2,
    "train__batch": 4, "train__lr": 0.001, "train__schedule": "constant", "scn__width": 4,
    "vit__width": 12, "vit__depth": 1, "vit__heads": 3, "vit__time_depth": 1,
    "augment__mirror": 0.0, "augment__rotate": 0.0, "augment__brightness": 0.0,
}  # fmt: skip


def settings(model: str, **changes: Any) -> Training:
    """Settings with a tiny network; `train__epochs=2` is `train.epochs: 2`."""
    return fold_cases.settings(model=model, **{**_TINY, **changes})


def clip(name: str, model: str, *, frames: int = 6) -> ChipClip:
    """Noise; with label 1 the lower half gets brighter. Every fourth clip has no landmarks."""
    chip = NEEDS[model].chip
    assert chip is not None
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    label = int(name[1:]) % 2
    chips = rng.integers(0, 100, (frames, chip.side, chip.side, chip.channels), dtype=np.uint8)
    if label:
        brighter = (20 * np.arange(frames)).astype(np.uint8)
        chips[:, chip.side // 2 :] += brighter[:, None, None, None]
    points = rng.uniform(0.2, 0.8, (frames, 68, 2)).astype(np.float32)
    if int(name[1:]) % 4 == 3:
        points[:] = np.nan
    seen = np.ones(frames, dtype=bool)
    seen[2] = int(name[1:]) % 3 > 0
    chips[~seen] = 0
    return ChipClip(name, label, np.arange(frames) / 5.0, seen, chips, points)


def clips(model: str) -> list[ChipClip]:
    return [clip(name, model) for name in ROLES]


def split_of(how: Training) -> Split:
    """The fold of all clips, with the protocol of the settings."""
    return split(
        "1",
        list(ROLES),
        roles=ROLES,
        subjects=SUBJECTS,
        classes=2,
        protocol=PROTOCOLS[how.protocol],
    )


def ready(how: Training, given: list[ChipClip]) -> Prepared:
    """The fold, ready to be trained."""
    fold = split_of(how)
    return prepare(fold, prepare_chips(fold, given, how, device=fold_cases.CPU), how)


def learnt(how: Training, given: list[ChipClip], folder: Path) -> Learnt:
    """The result of training the fold."""
    return learn(ready(how, given).task, unfinished=folder / "progress", say=fold_cases.silent)
