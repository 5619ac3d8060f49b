"""From clips to a fold that is ready to be trained: its landmarks, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from duchenne.config.datasets import PUBLISHED
from duchenne.dmarkers.names import COLUMNS
from duchenne.errors import TrainingError, Unusable
from duchenne.face import topology
from duchenne.training.landmark_inputs import choose_points
from tests.make.fold_cases import CURVENET, clip, fold, learnt, ready, settings, task

CHEEKS = np.array([column.startswith("cheeks") for column in COLUMNS])


# ---- Points -------------------------------------------------------------------------------------
@pytest.mark.parametrize("points", [68, 478])
@pytest.mark.parametrize("wanted", ["all", "features"])
def test_every_chosen_point_has_its_partner_among_the_chosen(points, wanted):
    face = topology.with_points(points)
    chosen, mirror = choose_points(face, wanted=wanted)
    assert (np.diff(chosen) > 0).all()
    assert chosen[mirror].tolist() == [face.mirror[point] for point in chosen]
    assert mirror[mirror].tolist() == list(range(len(chosen)))
    assert (len(chosen) == points) == (wanted == "all")


@pytest.mark.parametrize("face", [topology.DLIB, topology.MESH])
def test_features_are_what_a_smile_moves_and_what_it_leaves(face):
    """Eyes, lips and the points of the skull, without brows and the outline of the face."""
    chosen = set(choose_points(face, wanted="features").chosen.tolist())
    shapes = {line.name: set(line.path) for line in face.outlines}
    skull = set(face.rigid) | {face.mirror[point] for point in face.rigid}
    assert shapes["right_eye"] | shapes["left_eye"] | shapes["outer_lips"] | skull <= chosen
    assert {*face.lip_corners.right, *face.lip_corners.left, *face.nose_tip} <= chosen
    assert not chosen & (shapes["face"] | shapes["right_brow"] | shapes["left_brow"]) - skull


def test_a_network_sees_the_chosen_points_alone():
    ours = task(fold(), settings(net__points="features"))
    chosen = choose_points(topology.DLIB, wanted="features").chosen
    given = fold().clips[0].xyz[:, chosen]
    assert np.array_equal(ours.cutter.clips.xyz[: len(given)].numpy(), given)


# ---- What is refused ----------------------------------------------------------------------------
def test_a_clip_without_a_face_is_named():
    given = fold().changed(["test"], xyz=lambda one: np.full_like(one.xyz, np.nan))
    with pytest.raises(TrainingError, match=r"no face in any frame of c14, c15, c16, c17;"):
        ready(given, settings())


def test_landmarks_of_two_kinds_are_refused():
    given = fold().changed(["val"], xyz=lambda one: np.zeros((12, 478, 3), np.float32))
    with pytest.raises(TrainingError, match=r"different numbers of landmarks: \[68, 478\]"):
        ready(given, settings())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"net__heads": 3}, "net: heads must divide 256, and 3 does not"),
    ],
)
def test_a_network_that_cannot_be_is_refused(changes, says):
    with pytest.raises(TrainingError, match=says):
        ready(fold(), settings(**changes))


def test_a_face_of_few_landmarks_has_fewer_curves_and_neighbours():
    few = {**CURVENET, "net__curves": 100, "net__neighbours": 100}
    found = ready(fold(), settings(**few)).arguments
    assert (found["points"], found["curves"], found["neighbours"]) == (68, 68, 67)


PUBLISHED_CURVENET = {f"net__{key}": value for key, value in PUBLISHED["net"].items()}


@pytest.mark.parametrize("fusion", ["none", "hadamard"])
def test_the_published_network_learns_from_68_points(fusion, tmp_path: Path):
    """As mesh.backend=dlib68 gives them: flat, and without cheeks, so without their D-Markers."""
    given = fold(train=4, val=2, test=2).changed(
        ["train", "val", "test"],
        xyz=lambda one: one.xyz * np.array([1, 1, 0], np.float32),
        markers=lambda one: np.where(CHEEKS, np.nan, one.markers),
    )
    how = settings(fusion=fusion, net__encoder="curvenet", train__epochs=1, **PUBLISHED_CURVENET)
    assert how.net is not None
    assert (how.net.points, how.net.curves, how.net.neighbours) == ("all", 100, 20)
    found = learnt(given, how, tmp_path)
    assert all(np.isfinite(values).all() for values in found.probabilities.values())


def test_unknown_landmarks_are_a_verdict_on_the_clips():
    given = fold().changed(["train", "val", "test"], xyz=lambda one: one.xyz[:, :60])
    with pytest.raises(Unusable, match="unknown_landmarks"):
        ready(given, settings())


def test_one_long_clip_and_one_of_a_single_frame_can_be_learnt_from():
    given = fold().changed(["train"], times=lambda one: one.times[:1], xyz=lambda one: one.xyz[1:2])
    ours = task(given, settings())
    assert [len(times) for times in ours.cutter.clips.times[:2]] == [1, 1]
    [batch, *_] = ours.cutter.testing(ours.split.learns, count=5, size=4)
    assert batch.windows.present.sum(dim=1).tolist() == [1] * 4
    assert clip("x").xyz.shape == (12, 68, 3)
