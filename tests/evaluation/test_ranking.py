"""The ROC curve and its area, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from duchenne.evaluation.metrics import areas, curve


@pytest.mark.parametrize("clips", [2, 3, 7, 200])
@pytest.mark.parametrize("levels", [1, 2, 5, 10**6])
def test_curve_and_area_are_the_library_s(clips, levels):
    rng = np.random.default_rng(clips * levels)
    for _ in range(20):
        positive = rng.permutation(np.arange(clips) < rng.integers(1, clips))
        scores = rng.integers(levels, size=clips) / levels
        found = curve(positive, scores)
        for ours, theirs in zip(found, roc_curve(positive, scores), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)
        weights = rng.integers(4, size=(3, clips)).astype(float) + 1.0
        expected = [roc_auc_score(positive, scores, sample_weight=own) for own in weights]
        assert areas(positive, scores, weights).tolist() == pytest.approx(expected, abs=1e-12)
