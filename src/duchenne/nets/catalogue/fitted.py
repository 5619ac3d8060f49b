"""What is fitted in one go to a row of numbers for each clip."""

from duchenne.nets.catalogue.entry import Entry

_SVM = (
    "features are selected, and all settings chosen, by inner folds over training subjects; "
    "probabilities are calibrated there too"
)
_PROBE = "a probe: where it beats chance, the data set gives its labels away"
# model: what it looks at, paper, what differs
_FITTED = {
    "svm": ("D-Markers", "after Dibeklioğlu et al. 2012, 2015", _SVM),
    "trees": ("D-Markers", "", "gradient-boosted trees, stopped by training subjects"),
    "duration": ("clip length", "", f"logistic regression on seconds; {_PROBE}"),
    "first_frame": ("landmarks at rest", "", f"logistic regression on the resting face; {_PROBE}"),
    "majority": ("nothing", "", "the shares of the classes in training"),
}


def entries() -> list[Entry]:
    return [
        Entry(model, "", None, None, looks, looks, paper, ours)
        for model, (looks, paper, ours) in _FITTED.items()
    ]
