"""D-Markers in standard deviations of the training clips; above all, of no others."""

import json
import math
import statistics

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from duchenne.dmarkers.names import COLUMNS
from duchenne.training import standardise
from duchenne.training.batches import AnyBatch
from duchenne.training.loop import Task
from duchenne.training.standardise import Standardiser, fit
from tests.make.fold_cases import CPU, Fold, clip, cutter, fold, ready, same_weights, settings

NAN = math.nan


# ---- Leakage ------------------------------------------------------------------------------------
def other(given: Fold, role: str) -> Fold:
    """The fold with quite other clips in one role: labels, times, landmarks and D-Markers."""
    strangers = {one.name: clip(f"{one.name}-other", label=1 - one.label, frames=9, fps=7.0)
                 for one in given.clips}  # fmt: skip
    return given.changed(
        [role],
        label=lambda one: 1 - one.label,
        times=lambda one: strangers[one.name].times,
        xyz=lambda one: 3.0 * strangers[one.name].xyz,
        markers=lambda one: 1e3 * strangers[one.name].markers + 7.0,
    )


def seen_in_training(task: Task, epochs: int = 2) -> list[AnyBatch]:
    """Every batch that a network would learn from."""
    return [
        batch
        for _ in range(epochs)
        for batch in task.cutter.training(task.split.learns, size=4, rng=task.rng)
    ]


def numbers(batches: list[AnyBatch], task: Task) -> list[torch.Tensor]:
    """All that comes with these batches, as tensors."""
    found = []
    for windows, clips, mirrored, _ in batches:
        found += [*windows, clips, mirrored, task.cutter.clips.labels[clips]]
        if task.objective.targets is not None:
            found += [task.objective.targets.values[clips], task.objective.targets.in_mirror[clips]]
            found += [task.objective.targets.valid[clips]]
    return found


def equal(one: list[torch.Tensor], two: list[torch.Tensor]) -> bool:
    return len(one) == len(two) and all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


HOW = [
    pytest.param({"fusion": "none"}, id="landmarks alone"),
    pytest.param({"window__shows": "motion"}, id="their motion"),
    pytest.param({"window__shows": "velocity"}, id="their velocity"),
    pytest.param({"fusion": "concat"}, id="a fusion"),
    pytest.param({"fusion": "film", "net__indicators": True}, id="with indicators"),
    pytest.param({"fusion": "multitask", "augment__mirror": 0.5}, id="multitask, mirrored"),
    pytest.param({"fusion": "concat", "augment__noise": 0.01, "augment__stretch": 0.2}, id="noisy"),
]


@pytest.mark.parametrize("changes", HOW)
@pytest.mark.parametrize(
    ("protocol", "role", "learns"),
    [
        ("nested", "test", False),
        ("nested", "val", False),
        ("nested", "train", True),
        ("published", "test", False),
        ("published", "val", True),
    ],
)
def test_only_what_is_learnt_from_reaches_training(changes, protocol, role, learns):
    """Changing the clips of a role changes what a network is taught, or not a bit of it."""
    how = settings(protocol=protocol, **changes)
    before, after = ready(fold(), how).task, ready(other(fold(), role), how).task
    assert same_weights(before.network.state_dict(), after.network.state_dict())
    one, two = (numbers(seen_in_training(task), task) for task in (before, after))
    assert equal(one, two) is not learns


@pytest.mark.parametrize("protocol", ["nested", "published"])
def test_d_markers_are_scaled_by_those_who_learn(protocol):
    given = fold()
    task = ready(given, settings(protocol=protocol, fusion="concat")).task
    people = given.with_role("train") + (given.with_role("val") if protocol == "published" else [])
    fitted = fit(np.array([given.clips[n].markers for n in people]), ["any"])
    every = np.array([one.markers for one in given.clips])
    table = cutter(task).markers
    assert torch.equal(table.plain, fitted.table(every, indicators=False, device=CPU))
    assert torch.equal(
        table.mirrored,
        fitted.table(standardise.mirrored(every), indicators=False, device=CPU),
    )


def test_a_network_without_d_markers_gets_none():
    task = ready(fold(), settings(fusion="none")).task
    assert cutter(task).markers.plain.shape == (18, 0)
    assert task.objective.targets is None
    multitask = ready(fold(), settings(fusion="multitask")).task
    assert cutter(multitask).markers.plain.shape == (18, 0), "they are targets alone"
    assert multitask.objective.targets is not None


# ---- The numbers --------------------------------------------------------------------------------
def table(fitted: Standardiser, rows: list[list[float]], *, indicators: bool = False):
    return fitted.table(np.array(rows), indicators=indicators, device=CPU).tolist()


# Columns: 1 and 3; one constant; one never known; one known once; constant but for rounding.
TRAINING = np.array([[1.0, 7.0, NAN, 4.0, 1e9], [3.0, 7.0, NAN, NAN, 1e9 + 1e-7],
                     [NAN, 7.0, NAN, NAN, 1e9]])  # fmt: skip
FITTED = fit(TRAINING, ["b", "a", "a"])


def test_by_hand():
    assert FITTED.mean.tolist()[:4] == [2.0, 7.0, 0.0, 4.0]
    assert FITTED.spread.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert FITTED.subjects == ("a", "b")
    assert table(FITTED, TRAINING.tolist()) == [
        [-1.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
    ]


def test_what_is_constant_or_unknown_in_training_is_0_in_any_clip():
    assert table(FITTED, [[5.0, 8.0, 9.0, NAN, 0.0]]) == [[3.0, 0.0, 0.0, 0.0, 0.0]]


def test_indicators_follow_and_say_where_a_value_is_missing():
    given = [[NAN, 8.0, NAN, 4.0, 1.0], [2.0, NAN, 1.0, 1.0, 1.0]]
    assert table(FITTED, given, indicators=True) == [
        [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
    ]


def test_only_what_varies_and_is_known_is_a_target():
    values, valid = FITTED.targets(np.array([[5.0, 8.0, 9.0, 4.0, 1.0], [NAN] * 5]), device=CPU)
    assert valid.tolist() == [[True, False, False, False, False], [False] * 5]
    assert values.tolist() == [[3.0, 0.0, 0.0, 0.0, 0.0], [0.0] * 5]


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 9), st.integers(1, 3)),
        elements=st.one_of(st.just(NAN), st.integers(-50, 50).map(float)),
    )
)
def test_as_a_plain_sum_over_each_column(markers):
    found = fit(markers, ["a"]).table(markers, indicators=False, device=CPU).numpy()
    assert np.isfinite(found).all()
    for column, scaled in zip(markers.T, found.T, strict=True):
        known = [float(value) for value in column if not math.isnan(value)]
        spread = statistics.pstdev(known) if known else 0.0
        wanted = [
            0.0 if math.isnan(v) or spread == 0.0 else (v - statistics.fmean(known)) / spread
            for v in column
        ]
        assert scaled == pytest.approx(wanted, abs=1e-5)


def test_a_mirror_negates_the_differences_between_left_and_right_and_nothing_else():
    markers = np.arange(1.0, 2.0 * len(COLUMNS) + 1.0).reshape(2, -1)
    markers[0, 5] = NAN
    found = standardise.mirrored(markers)
    signed = [place for place, name in enumerate(COLUMNS) if name.endswith("left_right")]
    assert len(signed) == 9, "one for each region and phase"
    for place in range(len(COLUMNS)):
        sign = -1.0 if place in signed else 1.0
        assert np.array_equal(found[:, place], sign * markers[:, place], equal_nan=True)
    assert np.array_equal(standardise.mirrored(found), markers, equal_nan=True)


def test_it_survives_json_to_the_last_bit():
    rng = np.random.default_rng(0)
    markers = rng.normal(0.0, 1e-7, (5, len(COLUMNS))) / 3.0
    fitted = fit(markers, ["ä", "b"])
    back = standardise.from_json(json.loads(json.dumps(standardise.as_json(fitted))))
    assert back.subjects == fitted.subjects
    one, two = (each.table(markers, indicators=True, device=CPU) for each in (fitted, back))
    assert torch.equal(one, two)
