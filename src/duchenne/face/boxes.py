"""Boxes x0, y0, x1, y1 in px: how much two of them share."""

import numpy as np

from duchenne.face.crop import Array


def overlap(a: Array, b: Array) -> float:
    """Intersection over union of two boxes, `(4,)`; their roll is not looked at."""
    shared = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0).prod()
    both = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared
    return float(shared / both) if both > 0 else 0.0


def grown(box: Array, factor: float) -> Array:
    """The box enlarged about its centre."""
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2 * factor
    return np.concatenate((centre - half, centre + half))
