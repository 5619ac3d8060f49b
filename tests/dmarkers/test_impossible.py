"""Values that D-Markers cannot have, and what tables may hold is let through."""

import numpy as np
import pytest
from numpy.typing import NDArray

from duchenne.dmarkers.extract import extract
from duchenne.dmarkers.impossible import problems
from duchenne.dmarkers.names import COLUMNS
from duchenne.face.topology import MESH
from tests.make.motions import clock, smile

TIMES = clock(4.0)


@pytest.fixture(scope="module")
def features() -> NDArray[np.float64]:
    """(8, 225) of eight smiles."""
    lasts = [(0.3 + 0.05 * n, 0.8 + 0.1 * n, 0.4) for n in range(8)]
    clips = [smile(TIMES, 0.6, last).landmarks(noise=0.002, seed=n) for n, last in enumerate(lasts)]
    return np.array([
        extract(xyz, TIMES, topology=MESH, neutral_s=0.3, smoothing="savgol").features
        for xyz in clips
    ])  # fmt: skip


@pytest.mark.parametrize("digits", [3, 4, 8])
def test_our_own_features_are_possible_however_they_are_rounded(features, digits):
    columns = dict(zip(COLUMNS, features.round(digits).T, strict=True))
    assert problems(columns | {"seconds": np.full(8, 3.96)}) == []


@pytest.mark.parametrize("column", ["eyes_apex_dur", "cheeks_onset_speed_max_rise", "seconds"])
def test_one_value_of_the_wrong_sign_is_found(features, column):
    columns = dict(zip(COLUMNS, features.T.copy(), strict=True)) | {"seconds": np.full(8, 3.96)}
    columns[column][5] = -1.0
    found = {
        what.split(" ")[0]: np.flatnonzero(where).tolist() for what, where in problems(columns)
    }
    assert found[column] == [5]


def test_an_eyelid_may_lie_below_the_corners_of_its_eye(features):
    columns = {"eyes_apex_amp_mean": -np.ones(8), "mouth_apex_amp_mean": -np.ones(8)}
    assert [what for what, _ in problems(columns)] == ["mouth_apex_amp_mean is below 0"]


@pytest.mark.parametrize("way", ["rise", "fall"])
def test_a_total_that_is_not_its_mean_times_its_duration_is_found(features, way):
    """Whatever its unit: a sum over frames is larger by the frame rate, in all clips."""
    columns = dict(zip(COLUMNS, features.T.copy(), strict=True))
    phase = {"rise": "onset", "fall": "offset"}[way]
    total = f"mouth_{phase}_total_{way}"
    columns[total] *= 25.0
    assert problems(columns) == []
    columns[total][2] *= 1.5
    [(what, where)] = problems(columns)
    assert (what, np.flatnonzero(where).tolist()) == (
        f"mouth_{phase}_total_{way} is not amp_mean_{way} × dur_{way}", [2]
    )  # fmt: skip
