"""The cues that differ between the classes of the demo: a distribution per cue and class.

Each cue is an independent truncated normal, of the value or of its logarithm. So the likelihood of
a smile is exact, and with it the accuracy of the ideal observer, which the tests compute.

The means follow the DIRECTION of the cited findings. Spreads and distances are our choice: the
ideal observer is right about nine times in ten, and dynamics tell more than the constriction of the
eyes, which are only a few pixels high. "Abstract" after a source means that the abstract was
checked, "from memory" that it was not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, pi

from scipy.special import ndtr, ndtri

POSED, SPONTANEOUS = 0, 1


@dataclass(frozen=True)
class Cue:
    """One measure of a smile: its bounds, and the mean and standard deviation in each class.

    With `logarithmic`, they are the median in the cue's unit and the standard deviation of the
    natural logarithm, as usual for durations.
    """

    low: float
    high: float
    posed: tuple[float, float]
    spontaneous: tuple[float, float]
    logarithmic: bool = False

    def quantile(self, share: float, *, label: int) -> float:
        """The quantile at `share`, 0 to 1; a draw of the cue if `share` is uniform."""
        mean, spread = self._normal(label)
        below, above = self._tails(label)
        scaled = mean + spread * float(ndtri(below + share * (above - below)))
        value = exp(scaled) if self.logarithmic else scaled
        return min(max(value, self.low), self.high)

    def log_density(self, value: float, *, label: int) -> float:
        """Natural logarithm of the truncated density at `value`, per unit of the cue."""
        mean, spread = self._normal(label)
        below, above = self._tails(label)
        z = (self._scaled(value) - mean) / spread
        jacobian = log(value) if self.logarithmic else 0.0
        return -0.5 * z * z - log(spread) - 0.5 * log(2 * pi) - log(above - below) - jacobian

    def _scaled(self, value: float) -> float:
        return log(value) if self.logarithmic else value

    def _normal(self, label: int) -> tuple[float, float]:
        mean, spread = self.spontaneous if label == SPONTANEOUS else self.posed
        return self._scaled(mean), spread

    def _tails(self, label: int) -> tuple[float, float]:
        """The untruncated normal's distribution function at both bounds."""
        mean, spread = self._normal(label)
        return (
            float(ndtr((self._scaled(self.low) - mean) / spread)),
            float(ndtr((self._scaled(self.high) - mean) / spread)),
        )


CUES: Mapping[str, Cue] = {
    # Seconds. Genuine smiles have the longer onset: Guo, Zhang, Liang & Yan 2018 (abstract, on
    # UvA-NEMO); Cohn & Schmidt 2004 (from memory). 0.2 to 1.0 s is the range that Horic-Asselin et
    # al. 2020 show to observers (abstract); Ekman & Friesen 1982 put felt onsets at half a second
    # and more (from memory). With `amplitude` this also gives the posed smile its greater onset
    # speed: Schmidt, Ambadar, Cohn & Reed 2006; Schmidt, Bhattacharya & Denlinger 2009 (abstracts).
    "onset_s": Cue(0.20, 1.00, posed=(0.36, 0.33), spontaneous=(0.70, 0.33), logarithmic=True),
    # Seconds. Longer apex in genuine smiles: Guo et al. 2018 (abstract); apparent genuineness
    # grows with apex duration: Krumhuber & Kappas 2005 (abstract). Shortened to fit our clips.
    "apex_s": Cue(0.45, 1.25, posed=(0.75, 0.28), spontaneous=(0.86, 0.28), logarithmic=True),
    # Seconds. The findings disagree (longer in deliberate smiles: Schmidt et al. 2006; longer in
    # genuine ones: Guo et al. 2018; both abstracts), so the classes do not differ here.
    "offset_s": Cue(0.35, 0.85, posed=(0.58, 0.25), spontaneous=(0.58, 0.25), logarithmic=True),
    # Share of the full lip-corner excursion. Greater in deliberate smiles: Schmidt et al. 2006
    # (abstract). Hess & Kleck 1990 and Ambadar et al. 2009 warn that it depends on the occasion.
    "amplitude": Cue(0.50, 1.10, posed=(0.89, 0.13), spontaneous=(0.75, 0.13)),
    # Share of the eye opening that the orbicularis oculi closes: the Duchenne marker, commoner in
    # felt smiles: Ekman & Friesen 1982; Frank, Ekman & Friesen 1993 (from memory). Eyelid dynamics
    # are highly relevant on UvA-NEMO: Dibeklioğlu, Salah & Gevers 2012 (abstract). That people can
    # pose it too (Krumhuber & Manstead 2009, from memory) is why posed smiles are not at zero.
    "constriction": Cue(0.08, 0.50, posed=(0.20, 0.085), spontaneous=(0.315, 0.085)),
    # Share of the full cheek raise. The same muscle (AU 6), so the same direction and sources.
    "cheek_raise": Cue(0.45, 1.15, posed=(0.70, 0.15), spontaneous=(0.78, 0.15)),
    # (left - right) / mean lip excursion. Deliberate smiles more asymmetric, mostly stronger on the
    # left: Ekman, Hager & Friesen 1981 (from memory); left side of posed smiles: Biology 12(9):1160
    # 2023 (abstract). Schmidt et al. 2006 and 2009 found no difference (abstracts): kept weak.
    "asymmetry": Cue(-0.40, 0.40, posed=(0.03, 0.12), spontaneous=(0.00, 0.09)),
}
