"""The same numbers on every processor.

NumPy takes other instructions where a processor has them, and their last bits differ; so whatever a
picture or the truth is computed from is rounded far below anything that could be seen.
"""

from typing import Any

import numpy as np
import numpy.typing as npt


def alike(values: npt.NDArray[np.floating[Any]], decimals: int = 9) -> npt.NDArray[np.float64]:
    return np.asarray(np.round(values, decimals), dtype=np.float64)
