"""Whatever is chosen is chosen on people who had no part in it."""

from collections.abc import Sequence

import numpy as np
import pytest

from duchenne.training.fitting import inner_folds, svm
from duchenne.training.fitting.base import Array, Numbers
from duchenne.training.fitting.inner_folds import Part, Scores, best, held_out
from duchenne.training.fitting.probabilities import Scored
from tests.make.feature_cases import FITTED, Clips, clips, fit, noise

EACH = pytest.mark.parametrize("name", FITTED)
SEEDS = range(3)


def accuracy(name: str, given: Clips, **how) -> float:
    """What a fit believes of itself."""
    found: float = fit(name, given, **how).chosen["inner"]["balanced_accuracy"]
    return found


# ---- Leakage ------------------------------------------------------------------------------------
def peeked(given: Clips, *, most: int) -> Clips:
    """The columns that look best on all clips, those to be held out among them."""
    kept = svm.select(given.values, given.labels, most=most)
    return given._replace(values=given.values[:, kept.chosen])


def test_columns_are_selected_without_the_held_out_clips():
    """Of 200 columns of noise the best ten on all clips seem to know the class."""
    honest = [accuracy("svm", noise(seed=seed), features=10) for seed in SEEDS]
    leaky = [accuracy("svm", peeked(noise(seed=seed), most=10), features=10) for seed in SEEDS]
    assert np.mean(honest) < 0.55
    assert np.mean(leaky) > 0.7


@EACH
def test_noise_is_known_for_noise(name):
    found = [fit(name, noise(120, seed=seed, columns=20)).chosen["inner"] for seed in SEEDS]
    assert np.mean([each["log_loss"] for each in found]) > 0.66, "a coin makes 0.69"
    assert np.mean([each["balanced_accuracy"] for each in found]) < 0.6


def people(seed: int) -> Clips:
    """Forty, who have their class by lot; the three clips of each are all but the same."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(40) % 2).repeat(3)
    values = rng.normal(size=(40, 4)).repeat(3, axis=0) + rng.normal(0.0, 0.01, (120, 4))
    return Clips(values, labels, tuple(f"s{n // 3}" for n in range(120)))


@pytest.mark.parametrize(("name", "how"), [("svm", {"kernel": "rbf"}), ("trees", {})])
def test_who_it_is_does_not_help(name, how):
    given = [people(seed) for seed in (1, 2, 3)]
    strangers = [each._replace(subjects=tuple(map(str, range(120)))) for each in given]
    assert np.mean([accuracy(name, each, **how) for each in given]) < 0.6
    assert np.mean([accuracy(name, each, **how) for each in strangers]) > 0.75, (
        "or it shows nothing"
    )


@EACH
def test_a_held_out_clip_changes_nothing_for_those_held_out_with_it(name, monkeypatch):
    given = clips()
    parts = inner_folds.divide(given.labels, given.subjects, seed=0).parts
    values, labels, changed = given.values.copy(), given.labels.copy(), parts[0].held[0]
    values[changed], labels[changed] = 1e3 * np.arange(10.0), 1 - labels[changed]
    before = unseen(name, given, parts, monkeypatch)
    after = unseen(name, Clips(values, labels, given.subjects), parts, monkeypatch)
    beside = parts[0].held[1:]
    assert np.array_equal(before[:, beside], after[:, beside])
    assert not np.array_equal(before[:, parts[1].held], after[:, parts[1].held])


def unseen(
    name: str, given: Clips, parts: Sequence[Part], monkeypatch: pytest.MonkeyPatch
) -> Array:
    """What held-out clips get while a fit chooses, on these parts."""
    caught = []

    def watch(scores: Scores, values: Array, codes: Numbers, of: Sequence[Part]) -> Array:
        caught.append(held_out(scores, values, codes, parts))
        return caught[-1]

    monkeypatch.setattr("duchenne.training.fitting.inner_folds.held_out", watch)
    fit(name, given)
    return caught[0]


# ---- Inner folds --------------------------------------------------------------------------------
def test_nobody_is_on_both_sides_and_each_clip_is_held_out_once():
    given = clips(count=60, classes=3)
    parts, lacking = inner_folds.divide(given.labels, given.subjects, seed=0)
    assert (len(parts), lacking) == (5, "")
    whose = np.array(given.subjects)
    for learns, held in parts:
        assert not set(whose[learns]) & set(whose[held])
        assert sorted([*learns, *held]) == list(range(60))
        assert set(given.labels[learns]) == {0, 1, 2}
        assert np.bincount(given.labels[held]).tolist() == [4, 4, 4]
    assert sorted(np.concatenate([part.held for part in parts])) == list(range(60))


@pytest.mark.parametrize(
    ("subjects", "labels", "parts"),
    [
        ("aabbccddeeff", "010101010101", 5),
        ("aabbcc", "010101", 3),
        ("aabb", "0101", 2),
        ("abcdef", "000011", 2),
        ("aab", "010", 0),
        ("aa", "01", 0),
    ],
)
def test_as_many_parts_as_the_rarest_class_has_people(subjects, labels, parts):
    found = inner_folds.divide(np.array([int(c) for c in labels]), list(subjects), seed=0)
    assert len(found.parts) == parts
    assert bool(found.lacking) is (parts == 0)


def test_a_fold_that_leaves_a_class_unlearnt_will_not_do(monkeypatch):
    """People are spread so that this does not happen; if it does, it is noticed."""
    monkeypatch.setattr(inner_folds, "spread", lambda people, parts, seed: [0, 0, 1, 1])
    found = inner_folds.divide(np.array([0, 0, 1, 1]), ["a", "b", "c", "d"], seed=0)
    assert found.parts == ()
    assert found.lacking == "a fold of subjects leaves no clip of a class to learn from"


def test_folds_do_not_depend_on_the_order_of_clips():
    given = clips(seed=1)
    order = np.random.default_rng(0).permutation(60)
    one = inner_folds.divide(given.labels, given.subjects, seed=0)
    two = inner_folds.divide(given.labels[order], given.take(order).subjects, seed=0)
    for first, second in zip(one.parts, two.parts, strict=True):
        assert sorted(order[second.held]) == first.held.tolist()


def test_scores_come_back_in_the_order_of_clips():
    parts = [Part(np.array([1, 2]), np.array([0, 3])), Part(np.array([0, 3]), np.array([1, 2]))]
    values = np.arange(4.0)[:, None]
    found = held_out(lambda learns, codes, held: np.stack([held, held + learns.sum()]), values,
                     np.array([0, 1, 0, 1]), parts)  # fmt: skip
    assert found[0, :, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert found[1, :, 0].tolist() == [3.0, 4.0, 5.0, 6.0]


def test_of_equals_the_first_wins():
    assert best([Scored(0.6, 0.5), Scored(0.5, 0.5), Scored(0.5 - 1e-9, 0.9)]) == 1
