"""What the self-cure network is taught by besides its labels (Wang et al. 2020, and its release).

Shares and margins are those of the release that adds landmarks.
"""

import torch
from torch import Tensor
from torch.nn import functional


def rank_loss(certainty: Tensor, *, share: float = 0.7, margin: float = 0.5) -> Tensor:
    """How far the more trusted `share` of a batch, (B,), is from leading the rest by `margin`.

    The mean of the high is to exceed the mean of the low. 0 for a batch that cannot be divided.
    """
    high = int(share * len(certainty))
    if not 0 < high < len(certainty):
        return certainty.new_zeros(())
    ranked = certainty.sort(descending=True).values
    return functional.relu(margin - (ranked[:high].mean() - ranked[high:].mean()))


def landmark_loss(points: Tensor, target: Tensor) -> Tensor:
    """Mean distance along x and y, (B, 68, 2) each, of the landmarks that `target` has.

    It is NaN where there are none; published, such faces were divided by as well. Exactly 0 where
    no face has any.
    """
    known = ~target.isnan()
    errors = torch.where(known, points - target, 0.0).abs()
    return errors.sum() / known.sum().clamp(min=1)


def mean_points(points: Tensor) -> Tensor:
    """Of training faces (C, 68, 2), NaN where unknown → (68, 2); of none, the chip's middle."""
    return points.nanmean(dim=0).nan_to_num(nan=0.5)


def relabelled(probabilities: Tensor, given: Tensor, *, margin: float = 0.4) -> Tensor:
    """Labels (C,): the likeliest class where it leads the given one by more than `margin`.

    `given` are the labels of the data set, never those of an earlier call, so that a label comes
    back as soon as the network no longer objects. `probabilities` (C, classes) are those of
    evaluation: dropout would relabel at random.
    """
    most, likeliest = probabilities.max(dim=1)
    own = probabilities.gather(1, given[:, None])[:, 0]
    return torch.where(most - own > margin, likeliest, given)
