"""Frame models in the common loop: what they are shown, and that nothing else reaches them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from duchenne.errors import TrainingError
from duchenne.face.topology import DLIB
from duchenne.nets.inputs import Pictures
from duchenne.training.chip_augment import ChipAugment
from duchenne.training.chip_batches import ChipClip, ChipCutter, mean_points, store_chips
from duchenne.training.loop import learn
from duchenne.training.windows import Ruler
from tests.make import chips, fold_cases

MODELS = ["realsmilenet", "scn", "vit"]  # dexpression's chips are large: the pipeline trains it


def cutter(given: list[ChipClip], augment: ChipAugment | None = None) -> ChipCutter:
    store = store_chips(given, device=fold_cases.CPU)
    return ChipCutter(store, Ruler(3, 5.0), augment or ChipAugment())


def test_windows_hold_the_chips_of_their_own_clip_and_mask_what_was_not_seen():
    given = chips.clips("scn")
    for batch in cutter(given).testing(np.arange(len(given)), count=2, size=5):
        assert isinstance(batch.windows, Pictures)
        for number, shown, present in zip(batch.clips.tolist(), *batch.windows, strict=True):
            own = given[number].chips
            places = [next(i for i, chip in enumerate(own) if np.array_equal(chip, frame))
                      for frame in shown.numpy()]  # fmt: skip
            assert places == list(range(places[0], places[0] + 3))
            assert present.tolist() == given[number].seen[places].tolist()


def test_zeros_after_a_clips_end_count_as_seen_where_they_are_asked_for():
    whole = chips.clips("scn")[0]
    given = [
        whole._replace(times=whole.times[:n], seen=np.arange(n) != 1, points=whole.points[:n],
                       chips=np.maximum(whole.chips[:n], np.uint8(1)))
        for n in (3, 1)
    ]  # fmt: skip
    each = float(np.diff(whole.times[:2])[0])
    for zeros in (False, True):
        ruler = Ruler(4, 1.0 / each, zeros=zeros)
        [batch] = replace(cutter(given), ruler=ruler).testing(np.arange(2), count=1, size=2)
        there = [[True, False, True, zeros], [True, zeros, zeros, zeros]]
        assert batch.windows.present.tolist() == there
        blank = ~batch.windows.chips.flatten(2).bool().any(dim=2)
        assert not zeros or blank.tolist() == [[False, False, False, True], [False] + [True] * 3]
        assert batch.points is not None


def test_landmarks_of_a_window_are_the_mean_of_frames_that_have_them():
    points = torch.full((1, 3, 68, 2), torch.nan)
    points[0, 0], points[0, 1] = 0.2, 0.4
    assert mean_points(points, torch.tensor([[True, True, True]])).unique().tolist() == [
        pytest.approx(0.3)
    ]
    assert mean_points(points, torch.tensor([[True, False, True]])).unique().tolist() == [
        pytest.approx(0.2)
    ]
    assert mean_points(points, torch.tensor([[False, False, True]])).isnan().all()


def test_in_a_mirror_landmarks_change_sides():
    given = chips.clips("scn")[:2]
    numbers = np.array([0])
    plain, flipped = (
        next(cutter(given, how).training(numbers, size=1, rng=np.random.default_rng(0)))
        for how in (ChipAugment(), ChipAugment(mirror=1.0))
    )
    assert flipped.mirrored.tolist() == [True]
    assert torch.equal(flipped.windows.chips, plain.windows.chips.flip(3))
    assert plain.points is not None
    expected = plain.points[:, list(DLIB.mirror)] * torch.tensor([-1.0, 1.0])
    torch.testing.assert_close(flipped.points, expected + torch.tensor([1.0, 0.0]))


@pytest.mark.parametrize("model", MODELS)
def test_nothing_of_validation_and_test_clips_reaches_the_weights(model, tmp_path: Path):
    how = chips.settings(model)
    other = [
        one if chips.ROLES[one.name] == "train" else
        one._replace(chips=~one.chips, points=one.points * 0.5, label=1 - one.label)
        for one in chips.clips(model)
    ]  # fmt: skip
    rows = []
    for given in (chips.clips(model), other):
        history = chips.learnt(how, given, tmp_path / "none").history
        rows.append([row["train_loss"] for row in history])
    assert rows[0] == rows[1]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("protocol", ["nested", "published"])
def test_a_killed_run_ends_as_an_undisturbed_one(model, protocol, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("duchenne.training.loop.SAVE_EVERY_S", -1.0)
    changes = {"protocol": protocol, "augment__mirror": 0.5, "augment__crop": 0.1}
    if model == "scn":
        changes |= {"scn__relabel_from": 0.0, "scn__doubt": 0.0, "train__epochs": 3}
    how, given = chips.settings(model, **changes), chips.clips(model)
    whole = chips.learnt(how, given, tmp_path / "whole")

    def stop(text: str) -> None:
        if "epoch 2/" in text:
            raise KeyboardInterrupt

    (tmp_path / "cut").mkdir()
    with pytest.raises(KeyboardInterrupt):
        learn(chips.ready(how, given).task, unfinished=tmp_path / "cut/progress", say=stop)
    assert fold_cases.same(whole, chips.learnt(how, given, tmp_path / "cut"))


def test_the_mean_of_landmarks_is_that_of_training_faces():
    how, given = chips.settings("scn"), chips.clips("scn")
    ready = chips.ready(how, given)
    own = [one.points[one.seen].mean(axis=0) for one in given[:8] if np.isfinite(one.points).all()]
    mean = ready.task.network.get_buffer("mean_points").numpy()
    np.testing.assert_allclose(mean, np.mean(own, axis=0), atol=1e-6)
    assert ready.subjects == ("s0", "s1", "s2", "s3")


def test_labels_are_doubted_from_an_epoch_on_and_come_back(tmp_path: Path):
    how = chips.settings("scn", scn__relabel_from=0.5, scn__doubt=0.4, train__epochs=2)
    task = chips.ready(how, chips.clips("scn")).task
    against = 1 - task.cutter.clips.labels[torch.from_numpy(task.split.learns)].numpy()
    sure = np.eye(2)[against]
    objective = task.objective
    given = objective.labels.clone()
    assert objective.begin(1, lambda: sure) == {"relabelled": 0.0}, "not before half of the epochs"
    assert objective.begin(2, lambda: sure) == {"relabelled": float(len(task.split.learns))}
    doubted = dict(zip(task.split.learns.tolist(), against.tolist(), strict=True))
    assert objective.doubted(lambda: sure) == doubted
    assert objective.doubted(lambda: 1.0 - sure) == {}
    assert torch.equal(objective.labels[task.split.learns], 1 - given[task.split.learns])
    others = np.setdiff1d(np.arange(len(given)), task.split.learns)
    assert torch.equal(objective.labels[others], given[others])
    assert objective.begin(2, lambda: 1.0 - sure) == {"relabelled": 0.0}
    assert torch.equal(objective.labels, given), "the given label is back"
    rows = chips.learnt(how, chips.clips("scn"), tmp_path).history
    assert rows[0]["relabelled"] == 0.0


@pytest.mark.parametrize("part", ["landmarks", "rank", "relabel"])
def test_each_part_of_self_cure_can_be_left_out(part, tmp_path: Path):
    given = chips.clips("scn")
    (tmp_path / "whole").mkdir()
    (tmp_path / "less").mkdir()
    changes = {"scn__relabel_from": 0.0, "scn__doubt": 0.0}
    whole = chips.learnt(chips.settings("scn", **changes), given, tmp_path / "whole")
    less = chips.learnt(
        chips.settings("scn", **changes, **{f"scn__{part}": False}), given, tmp_path / "less"
    )
    courses = [[row["train_loss"] for row in run.history] for run in (whole, less)]
    assert courses[0] != courses[1]
    assert ("relabelled" in less.history[0]) == (part != "relabel")


def test_the_penalty_is_realsmilenet_s_own(tmp_path: Path):
    """It pulls on the weights, and so the loss is larger by what they weigh."""
    given = chips.clips("realsmilenet")
    losses = []
    for penalty in (0.0, 0.01):
        how = chips.settings("realsmilenet", realsmilenet__penalty=penalty, train__epochs=1)
        losses.append(chips.learnt(how, given, tmp_path / str(penalty)).history[0]["train_loss"])
    assert losses[1] > losses[0] + 0.01


def test_a_clip_without_a_face_is_named():
    given = chips.clips("scn")
    given[9] = given[9]._replace(seen=np.zeros(6, dtype=bool))
    with pytest.raises(TrainingError, match="no face in any frame of c09; crops should say so"):
        chips.ready(chips.settings("scn"), given)
