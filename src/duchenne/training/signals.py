"""Smile signals on a grid of true time, as the model `rocket` sees them."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# A smile's speed lies below 5 Hz. Twenty seconds hold the longest published smiles; of a longer
# clip the first twenty are seen.
RATE, SECONDS = 12.5, 20.0
STEPS = round(RATE * SECONDS)
CHANNELS = 18  # lip, eyelid and cheek, each with its right and left side; then the speeds of all


def on_grid(times: Array, signals: Array) -> Array:
    """(CHANNELS · STEPS,): `signals` (T, 9) at (T,) s and their speeds, one after the other, NaN
    after the clip's end and where a signal is not known."""
    found = np.full((CHANNELS, STEPS), np.nan)
    if len(times) > 1:
        grid = times[0] + np.arange(STEPS) / RATE
        inside = grid <= times[-1]
        speeds = np.gradient(signals, times, axis=0)
        for row, values in zip(found, np.concatenate([signals, speeds], axis=1).T, strict=True):
            row[inside] = np.interp(grid[inside], times, values)
    return found.ravel()
