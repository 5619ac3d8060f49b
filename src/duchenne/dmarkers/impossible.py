"""Values that D-Markers cannot have, however they were computed: for tables made elsewhere.

Published extractors differ in units (seconds or frames, sums or integrals) and round, so only what
holds in all of them is asked: signs, shares, and ratios within one table.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from duchenne.dmarkers.names import PHASES, REGIONS

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Durations, shares of them, magnitudes of speeds and accelerations, and spreads.
_NEVER_NEGATIVE = (
    "dur_rise", "dur_fall", "dur", "dur_ratio_rise", "dur_ratio_fall", "amp_std", "total_fall",
    "speed_max_rise", "speed_max_fall", "speed_mean_rise", "speed_mean_fall",
    "acc_max_rise", "acc_max_fall", "acc_mean_rise", "acc_mean_fall",
)  # fmt: skip
# Signals of mouth and cheeks are distances; that of an eyelid may lie below its eye's corners.
_OF_DISTANCES = ("amp_max", "amp_mean", "amp_mean_rise", "total_rise",
                 "amp_ratio_rise", "amp_ratio_fall")  # fmt: skip
_SHARES = ("dur_ratio_rise", "dur_ratio_fall")
# The mean of a part and its largest value, and a part and its whole.
_NOT_ABOVE = (
    ("dur_rise", "dur"), ("dur_fall", "dur"), ("speed_mean_rise", "speed_max_rise"),
    ("speed_mean_fall", "speed_max_fall"), ("acc_mean_rise", "acc_max_rise"),
    ("acc_mean_fall", "acc_max_fall"), ("amp_mean", "amp_max"), ("amp_mean_rise", "amp_max"),
)  # fmt: skip
_ROUNDING = 2e-3  # tables have three or four decimals
_NEAR = 0.1  # relative


def problems(columns: Mapping[str, Array]) -> list[tuple[str, Mask]]:
    """What is wrong, and in which clips; `columns` (clips,) are by feature name, and `seconds`."""
    found = [("seconds is not above 0", columns["seconds"] <= 0.0)] if "seconds" in columns else []
    for region in REGIONS:
        for phase in PHASES:
            start = f"{region}_{phase}_"
            own = {n.removeprefix(start): c for n, c in columns.items() if n.startswith(start)}
            found += [(f"{start}{what}", where) for what, where in _of_block(own, region)]
    return [(what, where) for what, where in found if where.any()]


def _of_block(own: Mapping[str, Array], region: str) -> Iterator[tuple[str, Mask]]:
    """The same of the features of one region in one phase, by their short names."""
    signed = _NEVER_NEGATIVE if region == "eyes" else (*_NEVER_NEGATIVE, *_OF_DISTANCES)
    for name in signed:
        if name in own:
            yield f"{name} is below 0", own[name] < -_ROUNDING
    for name in _SHARES:
        if name in own:
            yield f"{name} is above 1", own[name] > 1.0 + _ROUNDING
    for part, whole in _NOT_ABOVE:
        if part in own and whole in own:
            above = own[part] - own[whole] > _ROUNDING + _NEAR * np.abs(own[whole])
            yield f"{part} is above {whole}", above
    for way in ("rise", "fall"):
        yield from _totals(own, way)


def _totals(own: Mapping[str, Array], way: str) -> Iterator[tuple[str, Mask]]:
    """A total is mean amplitude × duration, in a unit that the whole table shares: 1 for integrals
    over seconds, the frame rate for sums over frames."""
    total, mean, dur = f"total_{way}", f"amp_mean_{way}", f"dur_{way}"
    if not {total, mean, dur} <= own.keys():
        return
    product = own[mean] * own[dur]
    if way == "fall":  # its total is a magnitude
        product = np.abs(product)
    rounding = _ROUNDING * (np.abs(own[mean]) + own[dur])
    sure = np.abs(product) > 10.0 * rounding
    if sure.sum() < 2:
        return
    unit = np.median(own[total][sure] / product[sure])
    off = np.abs(own[total] / unit - product) > _NEAR * np.abs(product) + rounding
    yield f"{total} is not {mean} × {dur}", sure & off
