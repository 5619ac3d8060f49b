"""Which columns to keep: much about the class, little that the others have said.

Minimum redundancy, maximum relevance (Ding & Peng 2005; the quotient of F statistic and mean
correlation is theirs for continuous values; from memory).
"""

import numpy as np

from duchenne.training.fitting.base import Array, Numbers


def rank(scaled: Array, codes: Numbers, *, most: int) -> Numbers:
    """The first `most` of columns (C, m), the best first; none of them may be constant."""
    relevance = f_statistic(scaled, codes)
    alike = np.abs(np.corrcoef(scaled, rowvar=False).reshape(scaled.shape[1], -1))
    chance = 1.0 / np.sqrt(len(scaled))  # unrelated columns correlate by about as much
    taken: list[int] = []
    redundancy = np.zeros(len(relevance))
    free = np.ones(len(relevance), bool)
    for count in range(min(most, len(relevance))):
        worth = relevance / np.maximum(redundancy / max(count, 1), chance)
        best = int(np.where(free, worth, -np.inf).argmax())
        taken.append(best)
        free[best] = False
        redundancy = redundancy + alike[best]
    return np.array(taken, np.int64)


def f_statistic(scaled: Array, codes: Numbers) -> Array:
    """Variance between the classes over that within them, for each column."""
    counts = np.bincount(codes)
    one_hot = np.eye(len(counts))[codes]
    means = (one_hot.T @ scaled) / counts[:, None]
    between = counts @ np.square(means - scaled.mean(axis=0)) / (len(counts) - 1)
    within = np.square(scaled - means[codes]).sum(axis=0) / (len(scaled) - len(counts))
    return np.asarray(between / np.maximum(within, np.finfo(float).tiny))
