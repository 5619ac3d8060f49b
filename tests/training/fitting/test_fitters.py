"""What holds of everything that is fitted to rows."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from duchenne.nets.fitted import build
from duchenne.training.fitting import FITTERS
from tests.make.feature_cases import (
    CONSTANT,
    EMPTY,
    FITTED,
    Clips,
    clips,
    fit,
    logits,
    probabilities,
)

EVERY = pytest.mark.parametrize("name", FITTERS)
EACH = pytest.mark.parametrize("name", FITTED)


@EVERY
@pytest.mark.parametrize("classes", [2, 3])
def test_a_classifier_comes_back_from_json_and_safetensors_bit_for_bit(
    name, classes, tmp_path: Path
):
    given = clips(classes=classes)
    found = fit(name, given, classes=classes)
    save_file(found.classifier.state_dict(), tmp_path / "classifier.safetensors")
    again = build(json.loads(json.dumps(found.arguments)))
    again.load_state_dict(load_file(tmp_path / "classifier.safetensors"))
    assert torch.equal(logits(found.classifier, given.values), logits(again, given.values))
    json.dumps(found.chosen, allow_nan=False)


@EACH
@pytest.mark.parametrize("classes", [2, 3])
def test_what_can_be_learnt_is_learnt(name, classes):
    classifier = fit(name, clips(classes=classes), classes=classes).classifier
    other = clips(classes=classes, seed=1)
    right = probabilities(classifier, other.values).argmax(axis=1) == other.labels
    assert right.mean() > 0.75
    assert logits(classifier, other.values).shape == (60, 1 if classes == 2 else 3)


@EACH
def test_what_is_unknown_in_a_clip_or_was_in_training_does_no_harm(name):
    given = clips(missing=0.4)
    classifier = fit(name, given).classifier
    empty = np.full((1, given.values.shape[1]), np.nan)
    assert np.isfinite(probabilities(classifier, np.vstack([given.values, empty]))).all()


@EACH
def test_columns_that_are_constant_or_empty_in_training_say_nothing(name):
    given = clips()
    without = given._replace(values=np.delete(given.values, [CONSTANT, EMPTY], axis=1))
    new = given.values.copy()
    new[:, [CONSTANT, EMPTY]] = 1e6
    one = probabilities(fit(name, given).classifier, new)
    assert np.array_equal(one, probabilities(fit(name, without).classifier, without.values))


@EVERY
@pytest.mark.parametrize(
    ("classes", "present"), [(7, [1, 3, 4]), (7, [2, 5]), (3, [0, 2]), (7, [6]), (2, [1])]
)
def test_a_class_without_training_clips_is_all_but_impossible(name, classes, present):
    given = clips(classes=len(present))
    labels = np.array(present)[given.labels]
    found = fit(name, given._replace(labels=labels), classes=classes)
    given_logits = logits(found.classifier, given.values)
    assert torch.isfinite(given_logits).all()
    each = probabilities(found.classifier, given.values)
    assert np.allclose(each.sum(axis=1), 1.0)
    assert np.delete(each, present, axis=1).max(initial=0.0) < 1e-11
    chosen = each.argmax(axis=1) == labels
    assert name not in FITTED or chosen.mean() > 0.8


EMPTINESS = [
    pytest.param(lambda c: c._replace(labels=np.ones_like(c.labels)), "one class", id="one class"),
    pytest.param(lambda c: c._replace(values=c.values[:, :0]), "no column", id="no columns"),
    pytest.param(
        lambda c: c._replace(values=c.values[:, [CONSTANT, EMPTY]]), "no column", id="constant"
    ),
]


@EACH
@pytest.mark.parametrize(("change", "why"), EMPTINESS)
def test_where_nothing_can_be_fitted_the_prior_is_and_that_is_said(name, change, why):
    given = change(clips(count=45))
    found = fit(name, given)
    assert why in found.chosen["fallback"]
    assert found.arguments["judge"] == "prior"
    share = given.labels.mean()
    np.testing.assert_allclose(
        probabilities(found.classifier, given.values)[:, 1], share, atol=1e-11
    )


@EACH
def test_few_subjects_make_do_with_defaults_and_that_is_said(name):
    given = clips(count=12)
    alone = given._replace(subjects=tuple(f"s{label}" for label in given.labels))
    found = fit(name, alone)
    assert found.chosen["fallback"] == "defaults: a class is shown by one subject alone"
    assert "inner" not in found.chosen
    assert np.isfinite(probabilities(found.classifier, given.values)).all()
    assert "fallback" not in fit(name, given).chosen


@EACH
def test_a_column_that_varies_in_one_subject_alone_leaves_nothing_to_hold_out(name):
    given = clips()
    values = np.full((60, 1), 2.0)
    values[:3, 0] = [1.0, 2.0, 3.0]
    found = fit(name, given._replace(values=values))
    assert found.chosen["fallback"].startswith("defaults: no column varies")


@EVERY
def test_the_same_clips_and_seed_make_the_same_judge(name):
    given = clips()
    one, two = (fit(name, given, seed=3) for _ in range(2))
    assert one.chosen == two.chosen
    assert torch.equal(logits(one.classifier, given.values), logits(two.classifier, given.values))


@EACH
def test_the_order_of_clips_hardly_matters(name):
    given = clips()
    other = given.take(np.random.default_rng(1).permutation(60))
    one, two = fit(name, given), fit(name, other)
    assert sorted(one.chosen["columns"]) == sorted(two.chosen["columns"])
    found = probabilities(one.classifier, given.values)
    np.testing.assert_allclose(probabilities(two.classifier, given.values), found, atol=0.01)


# Trees round to single precision, which powers of two alone leave as it is.
UNITS = [("trees", 1024.0), ("trees", 0.5)]
UNITS += [(name, factor) for name in ("svm", "logistic") for factor in (1000.0, 1e-3, -1.0)]


@pytest.mark.parametrize(("name", "factor"), UNITS)
def test_units_do_not_matter(name, factor):
    given = clips()
    scaled = given._replace(values=factor * given.values)
    found = probabilities(fit(name, given).classifier, given.values)
    again = probabilities(fit(name, scaled).classifier, scaled.values)
    np.testing.assert_allclose(again, found, atol=1e-6)


def balanced(name: str, given: Clips, *, balance: bool) -> float:
    classifier = fit(name, given, balance=balance).classifier
    return float(probabilities(classifier, given.values)[:, 1].mean())


@EACH
def test_classes_weigh_the_same_if_asked(name):
    """Of uninformative clips one in six is of class 1."""
    rng = np.random.default_rng(0)
    labels = (np.arange(120) % 6 == 0).astype(np.int64)
    given = Clips(rng.normal(size=(120, 3)), labels, tuple(f"s{n // 6}" for n in range(120)))
    assert balanced(name, given, balance=False) == pytest.approx(1 / 6, abs=0.06)
    assert balanced(name, given, balance=True) == pytest.approx(0.5, abs=0.12)


def test_the_prior_is_how_common_each_class_is():
    labels = np.array([0, 1, 1, 3, 3, 3, 3, 3])
    given = Clips(np.zeros((8, 0)), labels, ("a",) * 8)
    found = fit("prior", given, classes=4)
    wanted = [[0.125, 0.25, 0.0, 0.625]] * 8
    np.testing.assert_allclose(probabilities(found.classifier, given.values), wanted, atol=1e-11)
    assert math.fsum(found.chosen["shares"]) == 1.0


def test_what_is_said_to_be_kept_is_kept():
    few = clips(count=12)._replace(subjects=("a", "b") * 6)
    for given in (clips(), few):
        chosen = fit("svm", given, features=100).chosen
        assert chosen["features"] == len(chosen["columns"]) == 8
        assert not {CONSTANT, EMPTY} & set(chosen["columns"])
