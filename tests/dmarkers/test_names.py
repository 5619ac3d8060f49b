"""What restates the list of D-Markers agrees with it: names, order, numbers, signs in a mirror."""

import numpy as np
import pytest
from pydantic import ValidationError

from duchenne.config.training import Svm
from duchenne.dmarkers import features, names
from duchenne.dmarkers.signals import Signal, Signals
from duchenne.nets import inputs
from duchenne.tables.dmarkers import DMARKERS
from duchenne.training import standardise

NAMES = [feature.name for feature in names.FEATURES]
MOST = len(names.COLUMNS)


def test_networks_divide_the_columns_into_blocks():
    assert inputs.BLOCKS * inputs.FEATURES == inputs.MARKERS == MOST


def test_the_columns_are_region_by_region_phase_by_phase():
    columns = np.array(names.COLUMNS).reshape(len(names.REGIONS), len(names.PHASES), len(NAMES))
    for (region, phase, feature), column in np.ndenumerate(columns):
        assert column == f"{names.REGIONS[region]}_{names.PHASES[phase]}_{NAMES[feature]}"


def test_the_table_has_the_columns_in_their_order():
    schema = DMARKERS.schema.names
    assert tuple(schema[schema.index(names.COLUMNS[0]) :][:MOST]) == names.COLUMNS


def test_the_regions_are_in_the_order_of_the_signals():
    assert dict(zip(names.REGIONS, Signals._fields, strict=True)) == {
        "eyes": "eyelid", "cheeks": "cheek", "mouth": "lip",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "fits"), [(0, False), (1, True), (MOST, True), (MOST + 1, False)]
)
def test_a_vector_machine_may_choose_from_as_many_as_there_are(number, fits):
    if fits:
        assert Svm(kernel="linear", features=number).features == number
    else:
        with pytest.raises(ValidationError):
            Svm(kernel="linear", features=number)


def test_a_mirror_negates_what_changes_its_sign_when_the_sides_are_swapped():
    times = np.arange(40) / 25
    right, left = 0.5 + np.sin(3 * times), 0.4 + 0.7 * np.sin(3 * times + 0.3)
    here, there = (
        np.tile(features.compute(signal, times, slice(0, 40)), 9)
        for signal in (Signal(right, left), Signal(left, right))
    )
    assert np.abs(here).min() > 0.0
    np.testing.assert_allclose(standardise.mirrored(here), there, rtol=1e-12)
