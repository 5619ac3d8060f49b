"""Random convolutions against plain loops, and what they must not see."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from duchenne.nets.fitted import build
from duchenne.nets.inputs import Rows
from duchenne.nets.rocket import KERNELS, TAPS, convolved, kernels
from duchenne.training.fitting import Fit, Rocket, fit
from duchenne.training.losses import probabilities
from duchenne.training.signals import CHANNELS, RATE, STEPS, on_grid

Array = NDArray[np.float64]
HOW = Rocket(features=336, channels=3)
LONG = 40  # steps


def clips(count: int = 40, *, seed: int = 0, lengths: tuple[int, int] = (30, 40)) -> Array:
    """Rows of three signals, NaN after the end; in every second clip a bump is twice as wide."""
    rng = np.random.default_rng(seed)
    rows = np.full((count, 3, LONG), np.nan)
    for n, row in enumerate(rows):
        long = int(rng.integers(*lengths))
        width = 2.0 + 2.0 * (n % 2)
        bump = np.exp(-0.5 * ((np.arange(long) - rng.uniform(12, 18)) / width) ** 2)
        row[:, :long] = bump * rng.uniform(0.8, 1.2) + rng.normal(0.0, 0.05, (3, long))
    return rows.reshape(count, -1)


LABELS = np.arange(40) % 2
SUBJECTS = [f"s{n // 4}" for n in range(40)]


def fitted(values: Array, labels: NDArray[np.int64] = LABELS) -> Fit:
    return fit("rocket", values, labels, SUBJECTS, classes=2, seed=0, how=HOW)


def told(fit: Fit, values: Array) -> Array:
    with torch.inference_mode():
        found: Array = probabilities(fit.classifier(Rows(torch.from_numpy(values))).logits).numpy()
    return found


def test_kernels_are_all_choices_of_three_taps_and_ignore_a_constant():
    found = kernels()
    assert found.shape == (KERNELS, TAPS) == (84, 9)
    assert len({tuple(row.tolist()) for row in found}) == 84
    assert (found.sum(dim=1) == 0).all()


def test_outputs_are_those_of_plain_loops():
    rng = np.random.default_rng(1)
    series = rng.normal(size=(2, 3, 20))
    series[0, 1, 7], series[1, :, 15:] = np.nan, np.nan
    listens = torch.from_numpy(rng.random((84, 3)) < 0.5).double()
    listens[:, 0] = 1.0
    outputs, known = convolved(torch.from_numpy(series), 2, listens)
    weights = kernels().numpy()
    for clip, kernel, at in ((0, 0, 0), (0, 5, 3), (1, 83, 2), (1, 40, 0), (0, 7, 1)):
        heard = np.flatnonzero(listens[kernel].numpy())
        taps = series[clip][heard][:, at : at + 17 : 2]
        assert bool(known[clip, kernel, at]) == np.isfinite(taps).all()
        if known[clip, kernel, at]:
            wanted = (taps * weights[kernel]).sum()
            assert float(outputs[clip, kernel, at]) == pytest.approx(wanted)


def test_it_learns_what_the_signals_say_and_is_rebuilt_from_plain_tensors():
    fit = fitted(clips())
    unseen = clips(seed=1)
    said = told(fit, unseen)
    assert (said.argmax(axis=1) == LABELS).mean() > 0.9
    other = build(fit.arguments)
    other.load_state_dict(fit.classifier.state_dict())
    np.testing.assert_array_equal(told(fit._replace(classifier=other), unseen), said)


def test_padding_changes_nothing():
    """Neither behind a clip nor by clips that are longer in the same batch."""
    fit, unseen = fitted(clips()), clips(seed=1)
    whole = told(fit, unseen)
    alone = np.concatenate([told(fit, row[None]) for row in unseen])
    np.testing.assert_allclose(alone, whole, atol=1e-12)


def test_length_alone_is_not_seen():
    """Noise of two lengths: nothing is there to be learnt but where it ends."""
    rng = np.random.default_rng(3)

    def noise(seed: int) -> Array:
        rows = np.random.default_rng(seed).normal(size=(40, 3, LONG))
        rows[LABELS == 0, :, 28:] = np.nan
        return rows.reshape(40, -1)

    fit = fitted(noise(int(rng.integers(100))))
    right = [(told(fit, noise(seed)).argmax(axis=1) == LABELS).mean() for seed in (7, 8, 9)]
    assert 0.3 < np.mean(right) < 0.7


def test_nothing_is_fitted_to_clips_that_are_tested():
    """Other clips beside the tested ones change no answer: no statistic is of a batch."""
    fit, unseen = fitted(clips()), clips(seed=1)
    wild = unseen.copy()
    wild[1:] *= 100.0
    np.testing.assert_allclose(told(fit, wild)[0], told(fit, unseen)[0], atol=1e-12)


def test_clips_of_one_class_get_the_prior():
    fit = fitted(clips(), np.zeros(40, np.int64))
    assert "one class" in fit.chosen["fallback"]


def test_signals_lie_on_a_grid_of_true_time_whatever_the_frame_rate():
    def seen(fps: float) -> Array:
        times = np.arange(0.0, 3.0 + 1e-9, 1.0 / fps)
        drive = np.sin(2.0 * times)[:, None] * np.arange(1, 10)
        return on_grid(times + 5.0, drive).reshape(CHANNELS, STEPS)

    slow, fast = seen(25.0), seen(50.0)
    last = round(3.0 * RATE) + 1
    assert np.isnan(slow[:, last:]).all()
    np.testing.assert_allclose(slow[:9, :last], fast[:9, :last], atol=0.01)
    inside = slice(2, last - 2)  # at its ends a difference is one-sided
    np.testing.assert_allclose(slow[9:, inside], fast[9:, inside], atol=0.05)
    assert np.isnan(on_grid(np.array([1.0]), np.zeros((1, 9)))).all()


@pytest.mark.parametrize(("channels", "steps"), [([1], slice(None)), ([0, 1, 2], slice(15, 19))])
def test_what_is_missing_tells_nothing(channels: list[int], steps: slice):
    """Noise, of which every clip of one class lacks a signal, or has a gap."""

    def noise(seed: int) -> Array:
        rows = np.random.default_rng(seed).normal(size=(40, 3, LONG))
        for channel in channels:
            rows[LABELS == 0, channel, steps] = np.nan
        return rows.reshape(40, -1)

    fit = fitted(noise(0))
    right = [(told(fit, noise(seed)).argmax(axis=1) == LABELS).mean() for seed in (7, 8, 9)]
    assert 0.3 < np.mean(right) < 0.7


def test_clips_that_are_all_shorter_than_a_kernel_are_fitted():
    rows = clips().reshape(40, 3, LONG)
    rows[:, :, TAPS - 1 :] = np.nan
    assert np.isfinite(told(fitted(rows.reshape(40, -1)), clips(seed=1))).all()
