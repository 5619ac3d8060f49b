"""Pictures of movement: what is shown of chips where window.shows asks how a face moves."""

from pathlib import Path

import numpy as np
import pytest
import torch

from duchenne.training import movement
from duchenne.training.chip_augment import ChipAugment
from duchenne.training.chip_batches import ChipClip, ChipCutter, faster, store_chips
from duchenne.training.windows import Ruler
from tests.make import chips, fold_cases

STILL, STRONG = 128, 32


def face(levels: list[int], *, seen: list[bool] | None = None) -> ChipClip:
    """A clip of grey chips, each of one level, at 5 a second."""
    grey = np.array(levels, np.uint8)[:, None, None, None].repeat(2, axis=1).repeat(2, axis=2)
    there = np.array(seen or [True] * len(levels))
    points = np.full((len(levels), 68, 2), np.nan, np.float32)
    return ChipClip("c", 0, np.arange(len(levels)) / 5.0, there, grey, points)


def shown(shows: str, clips: list[ChipClip]) -> tuple[list[torch.Tensor], float]:
    how = chips.settings("scn", window__shows=shows, window__neutral_s=0.1)
    ready = chips.ready(how, clips)
    assert ready.inputs.scale is not None
    store = ready.task.cutter.clips
    seen = store.chips[: store.nothing]  # without the frame of zeros
    return list(seen.split([len(one.times) for one in clips])), ready.inputs.scale


def of_all(first: ChipClip) -> list[ChipClip]:
    """The first clip of a fold, and others that go up by 3 and 4 levels after rest and gap."""
    others = [face([10, 13, 14, 10]) for _ in range(len(chips.ROLES) - 1)]
    named = zip(chips.ROLES, [first, *others], strict=True)
    return [one._replace(name=name, label=n % 2) for n, (name, one) in enumerate(named)]


def test_motion_by_hand():
    """Of rest at 20, where the first frame with a face is; faceless frames stay black."""
    first = face([0, 20, 23, 16], seen=[False, True, True, True])
    pictures, scale = shown("motion", of_all(first))
    squares = 9 + 16 + 7 * (9 + 16)  # of eight training clips, the first with three faces
    assert scale == pytest.approx(np.sqrt(squares / (3 + 7 * 4)))
    levels = [int(frame.unique()) for frame in pictures[0]]
    up, down = (round(STILL + STRONG * way / scale) for way in (3, -4))
    assert levels == [0, STILL, up, down]


def test_velocity_by_hand():
    """Half of what lies between the neighbours; half of one step at both ends."""
    pictures, scale = shown("velocity", of_all(face([20, 24, 24, 16])))
    levels = [int(frame.unique()) for frame in pictures[0]]
    assert levels == [round(STILL + STRONG * way / scale) for way in (2.0, 2.0, -4.0, -4.0)]


def test_what_is_too_strong_is_black_or_white():
    change = np.array([-1e6, 0.0, 1e6], np.float32)[:, None, None, None]
    assert movement.picture(change, scale=1.0).ravel().tolist() == [0, STILL, 255]


def test_who_it_is_does_not_show():
    rng = np.random.default_rng(0)
    skin = rng.integers(0, 100, (1, 2, 2, 1), dtype=np.uint8)
    one = face([20, 24, 24, 16])
    plain, _ = shown("motion", of_all(one))
    other, _ = shown("motion", of_all(one._replace(chips=one.chips + skin)))
    assert torch.equal(plain[0], other[0])


def test_the_scale_sees_training_clips_alone():
    how = chips.settings("scn", window__shows="motion")
    given = chips.clips("scn")
    other = [
        one
        if chips.ROLES[one.name] == "train"
        else one._replace(chips=np.asarray(one.chips // 3, np.uint8))
        for one in given
    ]
    plain, changed = (chips.ready(how, clips) for clips in (given, other))
    assert plain.inputs.scale == changed.inputs.scale
    assert plain.subjects == ("s0", "s1", "s2", "s3")
    own = sum(len(one.times) for one in given[:8])
    assert torch.equal(*(ready.task.cutter.clips.chips[:own] for ready in (plain, changed)))


def test_shapes_are_the_chips_themselves():
    given = chips.clips("scn")
    ready = chips.ready(chips.settings("scn"), given)
    assert ready.inputs.scale is None
    assert torch.equal(
        ready.task.cutter.clips.chips[:-1],
        torch.from_numpy(np.concatenate([c.chips for c in given])),
    )


@pytest.mark.parametrize(("velocities", "grows"), [(True, True), (False, False)])
def test_a_window_of_more_time_shows_a_faster_smile(velocities, grows):
    """A clip that always moves alike: by so much, or times what time was stretched by."""
    store = store_chips([face([STILL + 40] * 40)], device=fold_cases.CPU)
    cutter = ChipCutter(store, Ruler(3, 5.0), ChipAugment(), longer=0.5, velocities=velocities)
    rng = np.random.default_rng(1)
    levels = set()
    for _ in range(4):
        [batch] = cutter.training(np.array([0]), size=1, rng=rng)
        levels |= set(batch.windows.chips[batch.windows.present].unique().tolist())
    assert (len(levels) > 1) is grows
    assert all(STILL + 40 / 1.5 - 1 <= level <= STILL + 40 * 1.5 + 1 for level in levels)


def test_faster_by_hand():
    pictures = torch.tensor([108, 128, 148, 250, 0], dtype=torch.uint8).reshape(1, 5, 1, 1, 1)
    present = torch.tensor([[True] * 4 + [False]])
    found = faster(pictures, torch.tensor([1.5]), present)
    assert found.flatten().tolist() == [98, 128, 158, 255, 0]


@pytest.mark.parametrize(
    ("shows", "still"), [("shape", 0.0), ("motion", STILL), ("velocity", STILL)]
)
def test_augmentation_knows_what_it_changes(shows, still):
    """Light leaves stillness as it is, and velocities alone grow as time is stretched."""
    how = chips.settings("scn", window__shows=shows, augment__brightness=0.5)
    cutter = chips.ready(how, chips.clips("scn")).task.cutter
    assert isinstance(cutter, ChipCutter)
    assert (cutter.augment.brightness, cutter.augment.still) == (0.5, still)
    assert cutter.velocities is (shows == "velocity")


@pytest.mark.parametrize("shows", ["motion", "velocity"])
def test_networks_learn_from_movement(shows, tmp_path: Path):
    """Clips whose lower half grows brighter, in noise of their own."""
    how = chips.settings("vit", window__shows=shows, train__epochs=8, train__lr=0.003)
    history = chips.learnt(how, chips.clips("vit"), tmp_path).history
    assert history[-1]["train_loss"] < 0.7 * history[0]["train_loss"]
