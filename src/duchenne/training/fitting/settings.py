"""What can be asked of a fit; `auto` is chosen on inner folds of the training clips' subjects."""

from dataclasses import dataclass
from typing import Literal

Auto = Literal["auto"]


@dataclass(frozen=True)
class Svm:
    kernel: Literal["auto", "linear", "rbf"] = "auto"
    features: int | Auto = "auto"  # how many columns mRMR may keep
    balance: bool = True  # all classes weigh the same, however many clips they have


@dataclass(frozen=True)
class Trees:
    """How many trees are grown for each class is chosen, up to `iterations`."""

    iterations: int = 100
    leaves: int = 4  # of each tree: three questions, so that columns may act together
    rate: float = 0.1
    balance: bool = True


@dataclass(frozen=True)
class Logistic:
    c: float | Auto = "auto"  # inverse strength of the penalty on weights, as in scikit-learn
    balance: bool = True
