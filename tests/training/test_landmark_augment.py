"""Augmentation: what it changes, by how much, and what it leaves alone."""

import numpy as np
import pytest
import torch

from duchenne.nets.neighbours import nearest
from duchenne.training.landmark_augment import Augment, change
from duchenne.training.windows import stretches
from tests.make.fold_cases import FACE

MIRROR = torch.tensor(FACE.mirror)
WINDOWS, FRAMES, NEAR = 6, 3, 5


def faces(windows: int = WINDOWS) -> torch.Tensor:
    """(B, 3, 68, 3), no two points or distances alike."""
    return torch.randn((windows, FRAMES, FACE.points, 3), generator=torch.manual_seed(0))


def search(xyz: torch.Tensor) -> torch.Tensor:
    return nearest(xyz.flatten(0, 1), NEAR).view(*xyz.shape[:3], NEAR)


def go(how: Augment, xyz: torch.Tensor, seed: int = 0):
    return change(how, xyz, search(xyz), mirror=MIRROR, rng=np.random.default_rng(seed))


def test_off_changes_no_bit():
    xyz = faces()
    found = go(Augment(), xyz)
    assert torch.equal(found.xyz, xyz)
    assert torch.equal(found.neighbours, search(xyz))
    assert not found.mirrored.any()
    assert stretches(0.0, np.random.default_rng(0), 4) == [1.0] * 4


def test_a_mirror_swaps_the_sides_of_the_face_and_of_the_picture():
    xyz = faces()
    found = go(Augment(mirror=1.0), xyz)
    assert found.mirrored.all()
    [right], [left] = FACE.lip_corners.right, FACE.lip_corners.left
    flip = torch.tensor([-1.0, 1.0, 1.0])
    assert torch.equal(found.xyz[:, :, right], xyz[:, :, left] * flip)
    assert torch.equal(found.xyz[:, :, left], xyz[:, :, right] * flip)
    [tip] = FACE.nose_tip
    assert torch.equal(found.xyz[:, :, tip], xyz[:, :, tip] * flip)
    assert torch.equal(go(Augment(mirror=1.0), found.xyz).xyz, xyz), "twice is nothing"


def test_mirrored_neighbours_are_those_that_a_fresh_search_finds():
    found = go(Augment(mirror=1.0), faces())
    assert torch.equal(found.neighbours, search(found.xyz))
    assert not torch.equal(found.neighbours, search(faces())), "or this would show nothing"


def test_only_the_windows_that_are_said_to_be_mirrored_are():
    xyz = faces(40)
    found, every = go(Augment(mirror=0.5), xyz), go(Augment(mirror=1.0), xyz)
    assert 10 < found.mirrored.sum() < 30
    for number, swapped in enumerate(found.mirrored.tolist()):
        wanted = every if swapped else go(Augment(), xyz)
        assert torch.equal(found.xyz[number], wanted.xyz[number])
        assert torch.equal(found.neighbours[number], wanted.neighbours[number])


@pytest.mark.parametrize(
    "how", [Augment(rotate=10.0), Augment(scale=0.1), Augment(rotate=10.0, scale=0.1)]
)
def test_turn_and_zoom_keep_neighbours_and_shape(how: Augment):
    """Each window as a whole: all distances in it grow by one factor."""
    xyz = faces()
    found = go(how, xyz)
    assert not torch.allclose(found.xyz, xyz)
    assert torch.equal(found.neighbours, search(xyz))
    assert torch.equal(found.neighbours, search(found.xyz))
    ratio = torch.cdist(found.xyz, found.xyz) / torch.cdist(xyz, xyz).clamp(min=1e-9)
    off = ~torch.eye(FACE.points, dtype=torch.bool)
    zooms = ratio[:, :, off].flatten(1)
    assert zooms.std(dim=1).max() < 1e-5
    assert (zooms.mean(dim=1).std() > 0.01) == bool(how.scale)
    assert (torch.linalg.det(found.xyz[:, 0, :3]) * torch.linalg.det(xyz[:, 0, :3]) > 0).all(), (
        "no reflection"
    )


def test_angles_and_zooms_are_as_large_as_asked_for():
    """Of the unit vector along an axis, turns about the other two make 2 σ² on average."""
    axes = torch.eye(3).expand(4000, 1, 3, 3)
    turned = change(
        Augment(rotate=3.0), axes, torch.zeros((4000, 1, 3, 0)), mirror=torch.arange(3),
        rng=np.random.default_rng(1),
    ).xyz  # fmt: skip
    away = (turned - axes).square().sum(-1).mean(dim=0)[0]
    assert torch.rad2deg((away / 2.0).sqrt()).tolist() == pytest.approx([3.0] * 3, rel=0.05)
    zoomed = change(
        Augment(scale=0.1), axes, torch.zeros((4000, 1, 3, 0)), mirror=torch.arange(3),
        rng=np.random.default_rng(1),
    ).xyz  # fmt: skip
    logs = zoomed[:, 0, 0, 0].log()
    assert (logs.mean().item(), logs.std().item()) == pytest.approx((0.0, 0.1), abs=0.01)


def test_noise_moves_every_coordinate_by_itself():
    xyz = faces(50)
    off = go(Augment(noise=0.02), xyz).xyz - xyz
    assert off.std(dim=(0, 1, 2)).tolist() == pytest.approx([0.02] * 3, rel=0.05)
    assert abs(torch.corrcoef(off.flatten(0, 2).T)[0, 1]) < 0.05
    assert not torch.allclose(off[:, 0], off[:, 1])


def test_stretches_fill_their_range_evenly():
    found = np.array(stretches(0.2, np.random.default_rng(0), 4000))
    assert (found.min(), found.max()) == pytest.approx((0.8, 1.2), abs=0.001)
    assert np.quantile(found, [0.25, 0.5, 0.75]) == pytest.approx([0.9, 1.0, 1.1], abs=0.02)


def test_the_seed_alone_decides():
    how, xyz = Augment(mirror=0.5, rotate=5.0, scale=0.1, noise=0.01), faces()
    once, again, other = go(how, xyz), go(how, xyz), go(how, xyz, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    assert not torch.equal(once.xyz, other.xyz)
