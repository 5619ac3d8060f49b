from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from duchenne.evaluation.intervals import draw, interval, of_confusion, weighted
from duchenne.evaluation.metrics import Array, accuracy, balanced_accuracy, f1, mcc
from duchenne.evaluation.scores import Predictions, scores
from tests.make.scored_cases import any_predictions, many, predictions

# Subject a: three clips, all right. Subject b: one clip, wrong. Of four equally likely draws one is
# a twice, one b twice, and two are both: 1, 0 and 3/4.
LOPSIDED = predictions([1, 0, 1, 1], [0.9, 0.1, 0.8, 0.2], subjects=["a", "a", "a", "b"])


def bootstrap(
    rows: Predictions,
    score: Callable[[Array], Array],
    *,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """The interval of a score of confusion matrices."""
    drawn = draw(rows.subject, rounds=rounds, seed=seed).of(of_confusion(rows, score))
    return interval(drawn, level=level)


@pytest.mark.parametrize(
    ("level", "expected"), [(0.95, (0.0, 1.0)), (0.55, (0.0, 1.0)), (0.45, (0.75, 0.75))]
)
def test_two_subjects_by_hand(level, expected):
    """A quarter of the rounds lies at either end: tails of 0.225 stop before, of 0.275 behind."""
    assert bootstrap(LOPSIDED, accuracy, level=level) == pytest.approx(expected)


def correlated(*, subjects: int, clips: int, seed: int) -> Predictions:
    """Clips of a subject are right or wrong together; every second one is of class 1."""
    generator = np.random.default_rng(seed)
    right = generator.random(subjects) < 0.75
    label = np.tile(np.arange(clips) % 2, subjects)
    likely = np.where(label == np.repeat(right, clips), 0.8, 0.2)
    names = [f"s{number}" for number in range(subjects) for _ in range(clips)]
    return predictions(label.tolist(), likely.tolist(), subjects=names)


@pytest.mark.parametrize("seed", range(4))
def test_subjects_vary_more_than_clips_where_clips_of_a_subject_agree(seed):
    """Ten alike clips a subject: √10 times as wide, within the noise of the bootstrap."""
    rows = correlated(subjects=60, clips=10, seed=seed)
    people, clips = (
        high - low
        for low, high in (
            bootstrap(rows, balanced_accuracy) or (0.0, 0.0),
            bootstrap(replace(rows, subject=rows.clip), balanced_accuracy) or (0.0, 0.0),
        )
    )
    assert people / clips == pytest.approx(10**0.5, rel=0.15)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("name", "score"),
    [("accuracy", accuracy), ("balanced_accuracy", balanced_accuracy), ("f1", f1), ("mcc", mcc)],
)
def test_the_interval_holds_the_score_itself(name, score, seed):
    rows = many(clips=300, subjects=60, seed=seed)
    low, high = bootstrap(rows, score) or (1.0, 0.0)
    assert low < scores(rows)[name] < high
    narrow = bootstrap(rows, score, level=0.5) or (0.0, 1.0)
    assert low < narrow[0] < narrow[1] < high


def test_a_plain_loop_over_subjects_agrees():
    """Clips put together by hand and scored by scikit-learn, with other draws."""
    rows = many(clips=120, subjects=30)
    generator = np.random.default_rng(7)
    of_subject = [np.flatnonzero(rows.subject == name) for name in np.unique(rows.subject)]
    values = []
    for _ in range(1000):
        drawn = generator.integers(0, len(of_subject), len(of_subject))
        clips = np.concatenate([of_subject[i] for i in drawn])
        values.append(balanced_accuracy_score(rows.label[clips], rows.predicted[clips]))
    expected = np.quantile(values, [0.025, 0.975])
    assert bootstrap(rows, balanced_accuracy) == pytest.approx(expected, abs=0.01)


def test_the_interval_of_an_auc_is_that_of_a_plain_loop_over_the_same_draws():
    """Clips are repeated as often as they were drawn, and scored by scikit-learn."""
    rows = many(clips=120, subjects=30)
    draws = draw(rows.subject, rounds=50)
    expected = []
    for times in draws.times:
        clips = np.repeat(np.arange(len(rows)), times[draws.subject])
        expected.append(roc_auc_score(rows.label[clips], rows.probabilities[clips, 1]))
    assert draws.of(weighted(rows)["auc"]).tolist() == pytest.approx(expected, abs=1e-12)


@given(any_predictions())
def test_a_draw_of_everybody_once_gives_the_scores_themselves(rows):
    found = {name: score(np.ones((2, len(rows)))) for name, score in weighted(rows).items()}
    own = scores(rows)
    for name, values in found.items():
        assert values.tolist() == pytest.approx([own.get(name, np.nan)] * 2, nan_ok=True)


def test_draws_that_do_not_fit_memory_at_once_are_the_same(monkeypatch: pytest.MonkeyPatch):
    rows = many(clips=40, subjects=10)
    whole = draw(rows.subject, rounds=25).of(weighted(rows)["auc"])
    monkeypatch.setattr("duchenne.evaluation.intervals._AT_ONCE", 4 * len(rows))
    assert draw(rows.subject, rounds=25).of(weighted(rows)["auc"]).tolist() == whole.tolist()


@given(any_predictions(), st.randoms(use_true_random=False))
def test_neither_order_nor_copies_of_all_clips_matter(rows, random):
    again = partial(bootstrap, score=balanced_accuracy, rounds=50, level=0.3)
    order = list(range(len(rows)))
    random.shuffle(order)
    assert again(rows.only(np.array(order))) == again(rows)
    twice = Predictions(
        fold=np.tile(rows.fold, 2),
        clip=np.concatenate([rows.clip, np.char.add(rows.clip, "_copy")]),
        subject=np.tile(rows.subject, 2),
        label=np.tile(rows.label, 2),
        probabilities=np.tile(rows.probabilities, (2, 1)),
    )
    assert again(twice) == pytest.approx(again(rows))


def test_a_seed_decides_and_another_differs():
    rows = many(clips=200, subjects=50)
    first = bootstrap(rows, accuracy, rounds=200, seed=1)
    assert first == bootstrap(rows, accuracy, rounds=200, seed=1)
    assert first != bootstrap(rows, accuracy, rounds=200, seed=2)


def one_class_each(number: int) -> Predictions:
    """Half of the subjects posed, half spontaneous, one clip each, every second one right."""
    label = [i % 2 for i in range(number)]
    likely = [0.9 if i % 4 < 2 else 0.2 for i in range(number)]
    return predictions(label, likely)


@pytest.mark.parametrize(
    ("rows", "score", "known"),
    [
        (predictions([0, 1, 1], [0.1, 0.9, 0.2], subjects=["a"] * 3), accuracy, False),
        (one_class_each(2), balanced_accuracy, False),  # half of the rounds have one class
        (one_class_each(4), balanced_accuracy, False),  # an eighth
        (one_class_each(6), balanced_accuracy, True),  # one in 32
        (one_class_each(2), accuracy, True),
        (predictions([1, 1, 1], [0.9, 0.8, 0.2]), balanced_accuracy, False),
    ],
    ids=["one subject", "two", "four", "six", "two, accuracy", "one class"],
)
def test_no_interval_where_too_many_rounds_are_undefined(rows, score, known):
    found = bootstrap(rows, score)
    assert (found is not None) == known
    assert found is None or np.isfinite(found).all()
