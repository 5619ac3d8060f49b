"""Names, formulas and units of the 25 features of a region in a phase, and the order of all 225.

Dibeklioğlu, Salah & Gevers (2012) list them in 14 groups. D is the signal, ⁺ its rising and ⁻ its
falling part, ∫ an integral over time, V = dD/dt, A = dV/dt. Signals have no unit.
"""

from typing import NamedTuple

REGIONS = ("eyes", "cheeks", "mouth")
PHASES = ("onset", "apex", "offset")


class Feature(NamedTuple):
    name: str
    formula: str
    unit: str


FEATURES = (
    Feature("dur_rise", "time during which D rises", "s"),
    Feature("dur_fall", "time during which D falls", "s"),
    Feature("dur", "time from the first to the last sample, gaps left out", "s"),
    Feature("dur_ratio_rise", "dur_rise / dur", "1"),
    Feature("dur_ratio_fall", "dur_fall / dur", "1"),
    Feature("amp_max", "max D", "1"),
    Feature("amp_mean", "∫D / dur", "1"),
    Feature("amp_mean_rise", "∫D⁺ / dur_rise", "1"),
    Feature("amp_mean_fall", "∫|D⁻| / dur_fall", "1"),
    Feature("amp_std", "√(∫(D − amp_mean)² / dur)", "1"),
    Feature("total_rise", "∫D⁺", "s"),
    Feature("total_fall", "∫|D⁻|", "s"),
    Feature("net", "∫D⁺ − ∫|D⁻|", "s"),
    Feature("amp_ratio_rise", "∫D⁺ / (∫D⁺ + ∫|D⁻|)", "1"),
    Feature("amp_ratio_fall", "∫|D⁻| / (∫D⁺ + ∫|D⁻|)", "1"),
    Feature("speed_max_rise", "max V⁺", "1/s"),
    Feature("speed_max_fall", "max |V⁻|", "1/s"),
    Feature("speed_mean_rise", "∫V⁺ / dur_rise", "1/s"),
    Feature("speed_mean_fall", "∫|V⁻| / dur_fall", "1/s"),
    Feature("acc_max_rise", "max A⁺", "1/s²"),
    Feature("acc_max_fall", "max |A⁻|", "1/s²"),
    Feature("acc_mean_rise", "mean over time of A⁺", "1/s²"),
    Feature("acc_mean_fall", "mean over time of |A⁻|", "1/s²"),
    Feature("net_per_s", "(∫D⁺ − ∫|D⁻|) / dur", "1"),
    Feature("left_right", "(∫D_left − ∫D_right) / dur, signed", "1"),
)

COLUMNS = tuple(
    f"{region}_{phase}_{feature.name}"
    for region in REGIONS
    for phase in PHASES
    for feature in FEATURES
)
# Durations, and areas below the signal, which grow with them: what is measured in seconds.
DURATIONS = tuple(
    f"{region}_{phase}_{feature.name}"
    for region in REGIONS
    for phase in PHASES
    for feature in FEATURES
    if feature.unit == "s"
)
