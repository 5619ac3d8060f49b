"""Batches: every clip once, cut where it should be, with its own D-Markers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from duchenne.nets.neighbours import nearest
from duchenne.training.landmark_augment import Augment
from duchenne.training.landmark_batches import LandmarkCutter, LandmarkStore, Table
from duchenne.training.windows import Ruler
from tests.make import fold_cases
from tests.make.fold_cases import CPU, CURVENET, FACE

MIRROR = torch.tensor(FACE.mirror)


def cutter(lengths: Sequence[int], *, faceless: Sequence[tuple[int, int]] = ()) -> LandmarkCutter:
    """Clips at 5 Hz. All coordinates of frame f of clip c are 100 c + f, and the D-Markers of
    clip c are c and, in a mirror, -c."""
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    seen = [np.ones(length, bool) for length in lengths]
    for clip, frame in faceless:
        seen[clip][frame] = False
    values = torch.cat([100.0 * c + torch.arange(float(n)) for c, n in enumerate(lengths)])
    own = torch.arange(float(len(lengths)))[:, None]
    store = LandmarkStore(
        names=tuple(f"c{number}" for number in range(len(lengths))),
        labels=torch.zeros(len(lengths), dtype=torch.int64),
        times=tuple(np.arange(length) / 5.0 for length in lengths),
        first=first,
        seen=tuple(seen),
        xyz=values[:, None, None].expand(-1, FACE.points, 3).contiguous(),
        neighbours=torch.zeros((len(values), FACE.points, 0), dtype=torch.int16),
    )
    return LandmarkCutter(store, Ruler(4, 5.0), Table(own, -own), MIRROR, Augment())


def training(
    cut: LandmarkCutter, size: int, *, numbers=None, seed: int = 0, augment: Augment | None = None
):
    given = np.arange(len(cut.clips.names)) if numbers is None else np.array(numbers)
    return list(
        replace(cut, augment=augment or Augment()).training(
            given, size=size, rng=np.random.default_rng(seed)
        )
    )


def frames(windows) -> list[list[int]]:
    """Which frames are in each window, by their own numbers."""
    return [[int(number) for number in row] for row in windows.xyz[:, :, 0, 1].tolist()]


@settings(max_examples=40)
@given(count=st.integers(1, 40), size=st.integers(1, 20), seed=st.integers(0, 3))
def test_an_epoch_shows_every_clip_once_and_leaves_none_over(count, size, seed):
    batches = training(cutter([6] * count), size, seed=seed)
    shown = [clip for batch in batches for clip in batch.clips.tolist()]
    assert sorted(shown) == list(range(count))
    sizes = [len(batch.clips) for batch in batches]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= size


def test_the_order_is_random_and_the_seed_s():
    def order(seed: int) -> list[int]:
        batches = training(cutter([6] * 20), 8, seed=seed)
        return [clip for batch in batches for clip in batch.clips.tolist()]

    assert order(0) == order(0)
    assert order(0) != order(1)
    assert order(0) != sorted(order(0))


def test_windows_hold_the_frames_of_their_own_clip():
    for batch in training(cutter([6, 9, 4]), 2):
        for clip, row, present in zip(
            batch.clips.tolist(), frames(batch.windows), batch.windows.present, strict=True
        ):
            assert present.all()
            assert row == list(range(row[0], row[0] + 4))
            assert 100 * clip <= row[0] <= row[-1] < 100 * clip + 9


def test_only_the_clips_that_are_asked_for():
    shown = {clip for batch in training(cutter([6] * 5), 2, numbers=[3, 1]) for clip in
             batch.clips.tolist()}  # fmt: skip
    assert shown == {1, 3}


def test_test_windows_by_hand():
    """Clip 1 has 8 frames, so starts from 0 to 4; clip 0 is shorter than a window."""
    cut = cutter([2, 8], faceless=[(1, 4), (1, 5)])
    batches = list(cut.testing(np.array([1, 0]), count=3, size=3))
    assert [batch.clips.tolist() for batch in batches] == [[1, 1, 1], [0]]
    whole, short = batches
    assert frames(whole.windows) == [
        [100, 101, 102, 103], [102, 103, 104, 105], [104, 105, 106, 107]
    ]  # fmt: skip
    assert whole.windows.present.tolist() == [
        [True, True, True, True], [True, True, False, False], [False, False, True, True]
    ]  # fmt: skip
    assert short.windows.present.tolist() == [[True, True, False, False]]
    assert not whole.mirrored.any()


def test_testing_is_the_same_whatever_the_size_of_its_batches():
    cut = cutter([8, 3, 12])

    def parts(size: int) -> list[torch.Tensor]:
        batches = list(cut.testing(np.arange(3), count=3, size=size))
        assert all(len(batch.clips) <= size for batch in batches)
        return [torch.cat([each.windows[part] for each in batches]) for part in range(4)]

    assert all(torch.equal(a, b) for a, b in zip(parts(2), parts(100), strict=True))


def test_mirrored_landmarks_come_with_mirrored_d_markers():
    augment = Augment(mirror=0.5)
    [batch] = training(cutter([6] * 30), 30, augment=augment)
    assert 5 < batch.mirrored.sum() < 25
    for clip, mirrored, xyz, markers in zip(
        batch.clips.tolist(), batch.mirrored.tolist(), batch.windows.xyz, batch.windows.markers,
        strict=True,
    ):  # fmt: skip
        assert markers.tolist() == [-clip if mirrored else clip]
        x, y = xyz[..., 0], xyz[..., 1]
        assert torch.equal(x, -y if mirrored else y), "all coordinates of a frame are alike"


def test_a_stretched_window_lasts_longer_or_shorter():
    [batch] = training(cutter([60] * 30), 30, augment=Augment(stretch=0.5))
    lengths = [row[-1] - row[0] for row in frames(batch.windows)]
    assert {min(lengths), max(lengths)} <= {1, 2, 4, 5}
    assert len(set(lengths)) > 2


def test_neighbours_are_those_of_each_frame_and_are_searched_in_the_chosen_points():
    given = fold_cases.fold()
    cut = fold_cases.task(given, fold_cases.settings(**CURVENET)).cutter
    [batch, *_] = cut.testing(np.array([0]), count=2, size=4)
    xyz = torch.from_numpy(given.clips[0].xyz[:4])
    assert torch.equal(batch.windows.xyz[0], xyz)
    assert torch.equal(batch.windows.neighbours[0], nearest(xyz, 5))
    assert batch.windows.neighbours.dtype == torch.int64


def test_what_lies_in_an_absent_frame_changes_no_answer():
    """Clip 1 has frames without a face, clip 2 is short."""
    task = fold_cases.task(fold_cases.fold(), fold_cases.settings(**CURVENET))
    task.network.eval()
    [batch] = task.cutter.testing(np.array([1, 2]), count=1, size=4)
    absent = ~batch.windows.present
    assert absent.sum(dim=1).tolist() == [1, 1]
    other = batch.windows.xyz.clone()
    other[absent] = 1e3
    with torch.inference_mode():
        one, two = (task.network(batch.windows._replace(xyz=x)).logits
                    for x in (batch.windows.xyz, other))  # fmt: skip
    assert torch.equal(one, two)


@pytest.mark.parametrize("protocol", ["nested", "published"])
def test_faces_are_put_in_place_whole(protocol):
    given = fold_cases.fold()
    store = fold_cases.task(given, fold_cases.settings(protocol=protocol)).cutter.clips
    assert store.labels.tolist() == [one.label for one in given.clips]
    assert store.device == CPU
    assert store.seen[1].tolist() == [frame not in (0, 5) for frame in range(12)]
    assert torch.isfinite(store.xyz).all()
    for number, one in enumerate(given.clips):
        own = store.xyz[store.first[number] :][: len(one.times)].numpy()
        assert np.array_equal(own, np.nan_to_num(one.xyz))
