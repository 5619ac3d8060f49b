"""From 68 landmarks, as mesh.backend=dlib68 gives them, to figures, with the published network."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from duchenne.face import topology
from tests.make.portraits import flat_face
from tests.pipeline.test_landmarks import make_set, run

STAGES = ("index", "decode", "detect", "mesh", "normalize", "quality", "dmarkers", "folds", "train",
          "probes", "aggregate")  # fmt: skip
MOUTH = slice(48, 68)


def smile(path: Path, *, number: int) -> None:
    """Two seconds at 25 Hz in which the mouth widens and comes back, in px of a 640 × 480 frame."""
    rng = np.random.default_rng(number)
    face = np.repeat(flat_face()[None], 50, axis=0)
    drive = np.sin(np.pi * np.arange(50) / 49) ** 2
    face[:, MOUTH, 0] *= 1 + (0.1 + 0.1 * (number % 2)) * drive[:, None]
    face[..., :2] += rng.normal(0.0, 0.002, face[..., :2].shape)
    np.save(path, (face * 100 + (320, 200, 0)).astype(np.float32))


def test_the_published_network_learns_from_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DUCHENNE_ENGINE", "inline")
    workspace = make_set(tmp_path, {f"c{n}.npy": partial(smile, number=n) for n in range(8)})
    arrays = {"units": "pixels", "width": 640, "height": 480, "fps": 25}
    workspace.set(
        datasets__mine={"adapter": "folder", "landmarks": arrays},
        folds__count=2, fusion="hadamard", train__epochs=1, quality__max_failed=0.1,
    )  # fmt: skip
    run(workspace, *STAGES)
    facts = json.loads((tmp_path / "models/folds/1/model.json").read_text())["network"]
    assert (facts["points"], facts["curves"], facts["neighbours"]) == (topology.DLIB.points, 68, 20)
    assert json.loads((tmp_path / "metrics/summary.json").read_text())["clips"] == 8
