"""The plan: reproducible, independent of its size, and with nothing that gives the class away."""

import importlib
import itertools
import json
import pickle
from collections import Counter, defaultdict
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from duchenne.datasets.demo import blinks_table, plan, smiles_table, subjects_table, truth
from duchenne.datasets.demo.cues import POSED, SPONTANEOUS
from duchenne.datasets.demo.dynamics import draw_smile
from duchenne.datasets.demo.kinds import LENGTHS_S, REST_S
from duchenne.tables import parquet
from duchenne.tables.truth import BLINKS, SMILES, TRUTH

DEFAULT: dict[str, Any] = {"seed": 0, "subjects": 12, "clips_per_subject": 4, "size": 320}
CLIPS = plan(**DEFAULT)
BY_KIND = {kind: plan(**(DEFAULT | {"kinds": (kind,)})) for kind in LENGTHS_S}
SMILES_IN = {"two": 2, "three": 3}


def groups(key):
    out = defaultdict(list)
    for clip in CLIPS:
        out[key(clip)].append(clip)
    return out


def test_default_demo_is_balanced():
    assert len(CLIPS) == 48
    assert len({clip.clip for clip in CLIPS}) == 48
    for clips in groups(lambda clip: clip.subject).values():
        assert Counter(clip.label for clip in clips) == {0: 2, 1: 2}
        assert len({clip.look for clip in clips}) == 1
    assert {clip.fps for clip in CLIPS} == {25.0, 30.0}
    assert len({clip.look for clip in CLIPS}) == 12
    assert {clip.look.mirrored for clip in CLIPS} == {True, False}
    first = [clips[0].label for clips in groups(lambda clip: clip.subject).values()]
    assert 0 < sum(first) < 12  # which class comes first is left to chance


@pytest.mark.parametrize("what", ["kind", "fps", "seconds", "light", "size"])
def test_recording_says_nothing_about_the_class(what):
    values = groups(lambda clip: clip.label)
    posed, felt = (sorted(getattr(clip, what) for clip in values[label]) for label in (0, 1))
    assert posed == felt


def test_two_of_three_pairs_of_the_default_demo_are_plain():
    clips = plan(seed=0, subjects=28, clips_per_subject=4, size=256)
    pairs = Counter(clip.kind for clip in clips if clip.label)
    assert pairs == {"plain": 38, "late": 3, "early": 3, "two": 6, "slow": 6}


@pytest.mark.parametrize("kind", LENGTHS_S)
def test_clips_of_a_kind_show_what_it_says(kind):
    """Which bounds of the smiles lie within the clip, how many there are, how slow the onset is."""
    for clip in BY_KIND[kind]:
        time = clip.times()
        assert clip.kind == kind
        assert time[0] == 0.0
        assert np.diff(time) == pytest.approx(1 / clip.fps)
        assert np.ptp(LENGTHS_S[kind]) > 0.0
        assert LENGTHS_S[kind][0] - 0.02 <= clip.seconds <= LENGTHS_S[kind][1] + 0.02
        assert len(clip.smiles) == SMILES_IN.get(kind, 1)
        first, last = clip.smiles[0], clip.smiles[-1]
        assert (first.bounds()[0] < 0.0) == (kind == "late")
        assert first.bounds()[1] > 0.0
        assert last.bounds()[2] < time[-1]
        assert (last.bounds()[3] > time[-1]) == (kind == "early")
        assert kind == "late" or first.start_s >= 0.25
        assert kind == "early" or last.end_s <= time[-1] - 0.05
        assert (clip.smile.rise_s > 1.0) == (kind == "slow")
        assert 0.2 <= clip.smile.rise_s <= 2.5


def test_smiles_of_a_clip_are_apart_and_the_first_cues_are_those_of_the_largest():
    for clip in (*BY_KIND["two"], *BY_KIND["three"]):
        gaps = [b.start_s - a.end_s for a, b in itertools.pairwise(clip.smiles)]
        assert REST_S[0] - 1e-9 <= min(gaps) and max(gaps) <= REST_S[1] + 1e-9
        for other in clip.more:
            assert 0.5 <= other.amplitude <= clip.smile.amplitude
            assert other.apex_s < clip.smile.apex_s
    places = Counter(clip.smiles.index(clip.smile) for clip in BY_KIND["three"])
    assert set(places) == {0, 1, 2}


def test_no_kind_tells_more_about_the_class_than_the_cues():
    """The ideal observer of a clip is that of its cues: they are the same in all kinds, and what a
    kind does to them is a function of them and of draws that do not know the class."""
    for clips in BY_KIND.values():
        for clip, plain in zip(clips, BY_KIND["plain"], strict=True):
            assert clip.smile.log_odds() == plain.smile.log_odds()


@pytest.mark.parametrize("kind", LENGTHS_S)
def test_what_a_kind_draws_does_not_know_the_class(kind, monkeypatch):
    """With the cues of one class in both, clips differ in their names and labels alone."""
    made, module = {}, importlib.import_module("duchenne.datasets.demo.plan")
    for label in (POSED, SPONTANEOUS):
        monkeypatch.setattr(
            module,
            "draw_smile",
            lambda _, rng, *, start_s, own=label: draw_smile(own, rng, start_s=start_s),
        )
        made[label] = plan(**(DEFAULT | {"subjects": 4, "kinds": (kind,)}))
    for posed, felt in zip(*made.values(), strict=True):
        assert posed.seconds == felt.seconds
        assert posed.blinks == felt.blinks
        assert [smile is posed.smile for smile in posed.smiles] == [
            smile is felt.smile for smile in felt.smiles
        ]
        shares = [
            (each.amplitude / clip.smile.amplitude, each.apex_s / clip.smile.apex_s)
            for clip in (posed, felt)
            for each in clip.more
            if min(posed.smile.amplitude, felt.smile.amplitude) > 0.7
        ]
        half = len(shares) // 2
        assert np.array(shares[:half]) == pytest.approx(np.array(shares[half:]))
        if kind == "late":
            begun = [-clip.smile.start_s / clip.smile.rise_s for clip in (posed, felt)]
            assert begun[0] == pytest.approx(begun[1])
        if kind == "early":
            fallen = [(clip.times()[-1] - clip.smile.fall_s) / clip.smile.offset_s
                      for clip in (posed, felt)]  # fmt: skip
            assert fallen[0] == pytest.approx(fallen[1])


def test_the_start_of_the_clips_hardly_tells_the_class():
    """Late clips begin in mid-smile, so their first frames show some of the cues. But they are few,
    and a logistic regression of the drives, without any noise, is hardly better than chance."""
    clips = plan(seed=5, subjects=150, clips_per_subject=4, size=64)
    at = np.arange(6) / 25.0
    drives = [clip.drives(at) for clip in clips]
    seen = np.array(
        [np.median([d.lip_left, d.lip_right, d.cheek, d.eyelid], axis=1) for d in drives]
    )
    labels = np.array([clip.label for clip in clips])
    judge = LogisticRegression()
    found = cross_val_predict(judge, seen / seen.std(axis=0), labels, cv=5)
    assert np.mean(found == labels) <= 0.54


def test_clip_ids_name_subject_class_and_turn():
    assert {clip.clip for clip in CLIPS if clip.subject == "s07"} == {
        "s07_posed_1",
        "s07_posed_2",
        "s07_spontaneous_1",
        "s07_spontaneous_2",
    }
    for clip in CLIPS:
        assert clip.clip.split("_")[1] == ("posed", "spontaneous")[clip.label]
        assert clip.smile.label == clip.label


@pytest.mark.parametrize(
    "larger", [{"subjects": 15}, {"clips_per_subject": 8}, {"subjects": 13, "clips_per_subject": 6}]
)
def test_more_subjects_or_clips_never_change_the_earlier_ones(larger):
    assert set(CLIPS) < set(plan(**(DEFAULT | larger)))


def test_seed_decides_everything_and_size_only_the_size():
    assert plan(**DEFAULT) == CLIPS
    assert not {clip.smile for clip in CLIPS} & {c.smile for c in plan(**(DEFAULT | {"seed": 1}))}
    small = plan(**(DEFAULT | {"size": 160}))
    assert [clip.smile for clip in small] == [clip.smile for clip in CLIPS]


def test_plan_is_plain_values():
    def check(value):
        assert type(value) in (str, int, float, bool, list, tuple, dict)
        for inner in value.values() if isinstance(value, dict) else value:
            if type(inner) not in (str, int, float, bool):
                check(inner)

    for clip in CLIPS:
        check(asdict(clip))
        json.dumps(asdict(clip), allow_nan=False)
        assert pickle.loads(pickle.dumps(clip)) == clip  # noqa: S301  our own bytes


def test_subjects_are_on_both_sides_of_eighteen_and_of_both_genders():
    rows = subjects_table(CLIPS)
    assert [row["subject"] for row in rows] == [f"s{number:02d}" for number in range(1, 13)]
    kinds = Counter((row["age"] < 18, row["gender"]) for row in rows)
    assert len(kinds) == 4
    assert all(8 <= row["age"] <= 76 for row in rows)
    two = subjects_table(plan(**(DEFAULT | {"subjects": 2})))
    assert {row["age"] < 18 for row in two} == {True, False}
    assert {row["gender"] for row in two} == {"female", "male"}


SMILE = ["onset", "apex", "offset"]
ORDERS = {
    "plain": ["neutral", *SMILE, "neutral"],
    "slow": ["neutral", *SMILE, "neutral"],
    "late": [*SMILE, "neutral"],
    "early": ["neutral", *SMILE],
    "two": ["neutral", *SMILE, "neutral", *SMILE, "neutral"],
    "three": [*3 * ["neutral", *SMILE], "neutral"],
}


@pytest.mark.parametrize("kind", LENGTHS_S)
def test_truth_has_one_row_per_frame(kind):
    found = BY_KIND[kind]
    table = truth(found)
    assert list(table) == [column.name for column in TRUTH.columns]
    assert {len(column) for column in table.values()} == {sum(len(c.times()) for c in found)}
    clips, phase = np.array(table["clip"]), np.array(table["phase"])
    for clip in found:
        rows = clips == clip.clip
        assert table["time"][rows] == pytest.approx(clip.times())
        assert table["lip"][rows].max() == pytest.approx(clip.smile.amplitude)
        names = phase[rows]
        changes = [a for a, b in zip(names, ["", *names], strict=False) if a != b]
        assert changes == ORDERS[kind]
        share = table["lip"][rows] / clip.smile.amplitude
        weakest = min(smile.amplitude for smile in clip.smiles) / clip.smile.amplitude
        assert np.all(share[names == "apex"] >= 0.95 * weakest)
        assert np.all(share[names == "neutral"] <= 0.05)


def rows_of(table, name, columns, folder):
    """The rows of a table of truth, written and read by its schema."""
    parquet.write(table, folder / f"{name}.parquet", columns)
    return parquet.read(table, folder / f"{name}.parquet").to_pylist()


def test_truth_of_each_smile(tmp_path):
    clips = [clips[0] for clips in BY_KIND.values()]
    clips = [replace(clip, clip=clip.kind) for clip in clips]
    rows = rows_of(SMILES, "smiles", smiles_table(clips), tmp_path)
    assert Counter(row["clip"] for row in rows) == {
        kind: SMILES_IN.get(kind, 1) for kind in LENGTHS_S
    }
    for clip in clips:
        own = [row for row in rows if row["clip"] == clip.clip]
        assert [row["smile"] for row in own] == list(range(len(own)))
        assert {row["kind"] for row in own} == {clip.kind}
        for row, smile in zip(own, clip.smiles, strict=True):
            bounds = [row[f"{phase}_{end}"] for phase in ("onset", "offset")
                      for end in ("start", "end")]  # fmt: skip
            assert bounds == sorted(bounds)
            assert row["amplitude"] == smile.amplitude
            lips = clip.drives(np.array(bounds)).lip / row["amplitude"]
            assert lips == pytest.approx([0.05, 0.95, 0.95, 0.05])


def test_truth_of_each_blink(tmp_path):
    rows = rows_of(BLINKS, "blinks", blinks_table(CLIPS), tmp_path)
    assert Counter(row["clip"] for row in rows) == {
        clip.clip: len(clip.blinks) for clip in CLIPS if clip.blinks
    }
    clips = {clip.clip: clip for clip in CLIPS}
    for row in rows:
        clip = clips[row["clip"]]
        at = np.array([row["start"], row["shut"], row["end"]])
        assert 0.0 <= at[0] < at[1] < at[2] <= clip.seconds
        bare = replace(clip, blinks=()).drives(at).eyelid
        closed = (clip.drives(at).eyelid - bare) / (1.0 - bare)
        assert closed == pytest.approx([0.0, row["depth"], 0.0], abs=1e-6)


def test_eyelid_truth_includes_the_blinks_and_stays_a_share():
    clip = next(clip for clip in CLIPS if clip.blinks)
    blink = clip.blinks[0]
    time = np.array([blink.peak_s])
    assert clip.drives(time).eyelid > 0.9 * blink.depth
    assert clip.drives(time).eyelid > clip.smile.drives(time).eyelid
    eyelid = np.asarray(truth(CLIPS)["eyelid"])
    assert eyelid.min() >= 0.0 and eyelid.max() <= 1.0


@pytest.mark.parametrize("table", [truth, smiles_table, blinks_table])
def test_truth_of_no_clips_is_an_empty_table(table):
    assert {len(column) for column in table(()).values()} == {0}
