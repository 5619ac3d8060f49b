"""The dynamics of a smile: drives of lips, cheeks and eyelids as functions of continuous time.

Every movement has minimum jerk (Flash & Hogan 1985, who give the quintic below): velocity and
acceleration are zero at both ends. A drive has a value at any instant, not only at frames.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo.cues import CUES, POSED, SPONTANEOUS
from duchenne.datasets.demo.portrait import rounded

Array = NDArray[np.float64]

# A minimum-jerk rise reaches 5 % of its height at this share of its duration, 95 % at 1 − share.
FIVE_PERCENT = 0.1892553774377708

# Least and greatest duration of a slow onset, s. Our choice; the longest that the cue gives is 1 s.
SLOW_S = (1.0, 2.5)
# A smile over again is weaker and has a shorter apex, by a factor from these ranges. Our choice; it
# has the smaller area by far, so which smile of a clip is the largest is no matter of noise.
WEAKER, SHORTER = (0.75, 0.95), (0.4, 0.7)


def rise(share: Array) -> Array:
    """The minimum-jerk rise from 0 to 1 at `share` of its duration; constant outside 0 to 1."""
    s = np.clip(share, 0.0, 1.0)
    return np.asarray(s**3 * (10.0 - 15.0 * s + 6.0 * s * s))


@dataclass(frozen=True)
class Drives:
    """The drive of each movement at T times, (T,) each; 0 is rest.

    1 is the full excursion of lips or cheeks, or a closed eye. Left and right are the subject's;
    `lip` is the mean of both sides. Blinks are added to `eyelid` by `ClipPlan.drives`.
    """

    lip: Array
    lip_left: Array
    lip_right: Array
    cheek: Array
    eyelid: Array


@dataclass(frozen=True)
class Smile:
    """One smile: its start, the seven cues of `cues.CUES`, and two lags.

    `eye_lag_s` and `cheek_lag_s` are the times by which these regions start after the lips. They
    have the same distribution in both classes and make the three drives differ. In a `slow` smile
    the onset lasts `rise_s`, a function of the cue `onset_s` that is the same in both classes; so
    slow smiles tell as much about the class as others.
    """

    label: int
    start_s: float
    onset_s: float
    apex_s: float
    offset_s: float
    amplitude: float
    constriction: float
    cheek_raise: float
    asymmetry: float
    eye_lag_s: float
    cheek_lag_s: float
    slow: bool = False

    @property
    def rise_s(self) -> float:
        """Duration of the onset, s; that of a slow one goes linearly from the cue to SLOW_S."""
        if not self.slow:
            return self.onset_s
        cue = CUES["onset_s"]
        share = (self.onset_s - cue.low) / (cue.high - cue.low)
        return round(SLOW_S[0] + share * (SLOW_S[1] - SLOW_S[0]), 9)

    @property
    def fall_s(self) -> float:
        """The time at which the offset begins, s."""
        return self.start_s + self.rise_s + self.apex_s

    @property
    def end_s(self) -> float:
        """The time at which the lips are at rest again, s."""
        return self.fall_s + self.offset_s

    def drives(self, time: Array) -> Drives:
        """The drives at `time`, (T,) s."""
        lip = self.amplitude * self._course(time)
        return Drives(
            lip=lip,
            lip_left=lip * (1.0 + self.asymmetry / 2.0),
            lip_right=lip * (1.0 - self.asymmetry / 2.0),
            cheek=self.cheek_raise * self._course(time - self.cheek_lag_s),
            eyelid=self.constriction * self._course(time - self.eye_lag_s),
        )

    def bounds(self) -> tuple[float, float, float, float]:
        """Times in s at which the lip drive crosses 5 and 95 % rising, then 95 and 5 % falling."""
        return (
            self.start_s + FIVE_PERCENT * self.rise_s,
            self.start_s + (1.0 - FIVE_PERCENT) * self.rise_s,
            self.fall_s + FIVE_PERCENT * self.offset_s,
            self.fall_s + (1.0 - FIVE_PERCENT) * self.offset_s,
        )

    def phases(self, time: Array) -> NDArray[np.str_]:
        """The phase at `time` (T,) s: neutral, onset, apex or offset."""
        names = np.array(["neutral", "onset", "apex", "offset", "neutral"])
        return names[np.searchsorted(np.array(self.bounds()), time, side="right")]

    def log_odds(self) -> float:
        """Log-likelihood of the cues in spontaneous smiles minus that in posed smiles.

        With half the smiles in each class, no classifier of the cues is better than the sign of
        this value: it is the ideal observer.
        """
        return self.log_likelihood(SPONTANEOUS) - self.log_likelihood(POSED)

    def log_likelihood(self, label: int) -> float:
        """Natural logarithm of the joint density of the cues in a class."""
        return sum(cue.log_density(getattr(self, name), label=label) for name, cue in CUES.items())

    def _course(self, time: Array) -> Array:
        """Onset, apex and offset at `time` (T,) s, scaled to 0 at rest and 1 in the apex."""
        up = rise((time - self.start_s) / self.rise_s)
        return rounded(up - rise((time - self.fall_s) / self.offset_s))

    def again(self, rng: np.random.Generator) -> "Smile":
        """This smile over again, weaker and shorter, at the same start.

        What changes does not depend on the class, so a second smile tells nothing about the class
        that the first does not.
        """
        weaker, shorter = float(rng.uniform(*WEAKER)), float(rng.uniform(*SHORTER))
        amplitude = round(max(weaker * self.amplitude, CUES["amplitude"].low), 9)
        return replace(self, amplitude=amplitude, apex_s=round(shorter * self.apex_s, 9))


def longest_smile(*, onset_s: float = CUES["onset_s"].high, apex_share: float = 1.0) -> float:
    """The greatest duration of a drawn smile, s; a clip is made to hold it."""
    return onset_s + apex_share * CUES["apex_s"].high + CUES["offset_s"].high


def draw_smile(label: int, rng: np.random.Generator, *, start_s: float = 0.5) -> Smile:
    """Draw a smile of a class. The same state of `rng` gives both classes the same quantiles."""
    shares = rng.random(len(CUES))
    cues: dict[str, float] = {
        name: round(cue.quantile(float(share), label=label), 9)
        for (name, cue), share in zip(CUES.items(), shares, strict=True)
    }
    # Our choice: lips, cheeks and eyes start within about two frames of each other.
    eye_lag, cheek_lag = rng.uniform(-0.04, 0.08, size=2)
    return Smile(
        label=label,
        start_s=start_s,
        eye_lag_s=float(eye_lag),
        cheek_lag_s=float(cheek_lag),
        slow=False,
        **cues,
    )
