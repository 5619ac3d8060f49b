"""The plan: reproducible, independent of its size, and with nothing that gives the class away."""

import json
import pickle
from collections import Counter, defaultdict
from dataclasses import asdict

import numpy as np
import pytest

from duchenne.datasets.demo import plan, subjects_table, truth

DEFAULT = {"seed": 0, "subjects": 12, "clips_per_subject": 4, "size": 320}
CLIPS = plan(**DEFAULT)


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


@pytest.mark.parametrize("what", ["fps", "seconds", "light", "size"])
def test_recording_says_nothing_about_the_class(what):
    values = groups(lambda clip: clip.label)
    posed, felt = (sorted(getattr(clip, what) for clip in values[label]) for label in (0, 1))
    assert posed == felt


def test_clips_last_three_to_five_seconds_and_hold_the_whole_smile():
    for clip in CLIPS:
        time = clip.times()
        assert time[0] == 0.0
        assert np.diff(time) == pytest.approx(1 / clip.fps)
        assert 3.0 <= len(time) / clip.fps <= 5.0
        assert clip.smile.start_s >= 0.25
        end = clip.smile.start_s + clip.smile.onset_s + clip.smile.apex_s + clip.smile.offset_s
        assert end <= time[-1] - 0.05


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


def test_truth_has_one_row_per_frame():
    table = truth(CLIPS)
    assert list(table) == ["clip", "time", "lip", "cheek", "eyelid", "phase"]
    assert {len(column) for column in table.values()} == {sum(len(c.times()) for c in CLIPS)}
    clips, phase = np.array(table["clip"]), np.array(table["phase"])
    order = ["neutral", "onset", "apex", "offset", "neutral"]
    for clip in CLIPS:
        rows = clips == clip.clip
        assert table["time"][rows] == pytest.approx(clip.times())
        assert table["lip"][rows].max() == pytest.approx(clip.smile.amplitude)
        names = phase[rows]
        assert [a for a, b in zip(names, ["", *names], strict=False) if a != b] == order
        share = table["lip"][rows] / clip.smile.amplitude
        assert np.all(share[names == "apex"] >= 0.95)
        assert np.all(share[names == "neutral"] <= 0.05)


def test_eyelid_truth_includes_the_blinks_and_stays_a_share():
    clip = next(clip for clip in CLIPS if clip.blinks)
    blink = clip.blinks[0]
    time = np.array([blink.peak_s])
    assert clip.drives(time).eyelid > 0.9 * blink.depth
    assert clip.drives(time).eyelid > clip.smile.drives(time).eyelid
    eyelid = np.asarray(truth(CLIPS)["eyelid"])
    assert eyelid.min() >= 0.0 and eyelid.max() <= 1.0


def test_truth_of_no_clips_is_an_empty_table():
    assert {len(column) for column in truth(()).values()} == {0}
