"""The result of a fit."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from duchenne.nets.fitted import Classifier, build

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Weights = Mapping[str, npt.NDArray[Any]]


class Fit(NamedTuple):
    classifier: Classifier
    arguments: dict[str, Any]  # JSON that `nets.fitted.build` takes
    chosen: dict[str, Any]  # JSON: the settings chosen, and their scores on inner folds


def fitted(arguments: dict[str, Any], weights: Weights, chosen: dict[str, Any]) -> Fit:
    """A classifier built as it will be built again: from its arguments, then given its weights."""
    classifier = build(arguments)
    classifier.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    return Fit(classifier, arguments, chosen)
