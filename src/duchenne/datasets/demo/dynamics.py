"""When a smile does what: the drives of lips, cheeks and eyelids as functions of continuous time.

Every movement is minimum-jerk (Flash & Hogan 1985, whose quintic is the one below): velocity and
acceleration are zero at both ends. So a smile has a value at any instant, not only at frames.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duchenne.datasets.demo.cues import CUES, POSED, SPONTANEOUS
from duchenne.datasets.demo.portrait import rounded

Array = NDArray[np.float64]

# A minimum-jerk rise passes 5 % of its height at this share of its duration, and 95 % at one minus.
FIVE_PERCENT = 0.1892553774377708


def rise(share: Array) -> Array:
    """Minimum-jerk from 0 to 1 while `share` of the duration goes from 0 to 1; flat outside."""
    s = np.clip(share, 0.0, 1.0)
    return np.asarray(s**3 * (10.0 - 15.0 * s + 6.0 * s * s))


@dataclass(frozen=True)
class Drives:
    """How far each movement has gone at each time, arrays of shape (T,).

    1 is the full excursion of lips or cheeks, and a closed eye. `lip` is the mean of both sides,
    which are the subject's own. `eyelid` counts closing as positive; blinks are added by the clip.
    """

    lip: Array
    lip_left: Array
    lip_right: Array
    cheek: Array
    eyelid: Array


@dataclass(frozen=True)
class Smile:
    """One smile: the seven cues of `cues.CUES`, and when it begins.

    `eye_lag_s` and `cheek_lag_s` say how long after the lips those regions start; they are the same
    in both classes, and keep the three drives from being copies of one another.
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
        """When the lip drive crosses 5 % and 95 % going up, then 95 % and 5 % going down, in s."""
        fall = self.start_s + self.onset_s + self.apex_s
        return (
            self.start_s + FIVE_PERCENT * self.onset_s,
            self.start_s + (1.0 - FIVE_PERCENT) * self.onset_s,
            fall + FIVE_PERCENT * self.offset_s,
            fall + (1.0 - FIVE_PERCENT) * self.offset_s,
        )

    def phases(self, time: Array) -> NDArray[np.str_]:
        """Neutral, onset, apex, offset or neutral again at `time`, (T,) s."""
        names = np.array(["neutral", "onset", "apex", "offset", "neutral"])
        return names[np.searchsorted(np.array(self.bounds()), time, side="right")]

    def log_odds(self) -> float:
        """Log-likelihood of these cues in spontaneous smiles less that in posed ones.

        An observer who saw the cues themselves and says "spontaneous" where this is positive is the
        best that there can be, with half the smiles in each class.
        """
        return self.log_likelihood(SPONTANEOUS) - self.log_likelihood(POSED)

    def log_likelihood(self, label: int) -> float:
        return sum(cue.log_density(getattr(self, name), label=label) for name, cue in CUES.items())

    def _course(self, time: Array) -> Array:
        fall = self.start_s + self.onset_s + self.apex_s
        up = rise((time - self.start_s) / self.onset_s)
        return rounded(up - rise((time - fall) / self.offset_s))


def longest_smile() -> float:
    """Seconds that the longest drawn smile can take, so that a clip can be made to hold any."""
    return sum(CUES[name].high for name in ("onset_s", "apex_s", "offset_s"))


def draw_smile(label: int, rng: np.random.Generator, *, start_s: float = 0.5) -> Smile:
    """A smile of the class. The same state of `rng` gives both classes the same quantiles."""
    shares = rng.random(len(CUES))
    cues = {
        name: round(cue.quantile(float(share), label=label), 9)
        for (name, cue), share in zip(CUES.items(), shares, strict=True)
    }
    # Ours: lips, cheeks and eyes start within about two frames of one another.
    eye_lag, cheek_lag = rng.uniform(-0.04, 0.08, size=2)
    return Smile(
        label=label,
        start_s=start_s,
        eye_lag_s=float(eye_lag),
        cheek_lag_s=float(cheek_lag),
        **cues,
    )
