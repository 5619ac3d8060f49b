"""Random convolutions of smile signals, after MiniRocket (Dempster, Schmidt & Webb 2021).

84 kernels of nine taps, six of them -1 and three 2, are laid over the signals at several dilations.
A feature is the share of positions at which the output exceeds a bias. Only positions at which all
taps lie on known values count, so that how much is missing, or how long a clip is, tells nothing by
itself; a feature without any such position is missing.
"""

from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional

TAPS, KERNELS = 9, 84
_POSITIVE, _NEGATIVE = 2.0, -1.0


def kernels() -> Tensor:
    """(84, 9): every choice of three taps of nine."""
    weights = torch.full((KERNELS, TAPS), _NEGATIVE, dtype=torch.float64)
    for row, taps in enumerate(combinations(range(TAPS), 3)):
        weights[row, list(taps)] = _POSITIVE
    return weights


def convolved(series: Tensor, dilation: int, listens: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs (B, 84, P) of all kernels, and at which positions they are known.

    `series` (B, channels, T) is NaN where a value is missing; kernel k sums over the channels that
    `listens` (84, channels) names.
    """
    known = ~series.isnan()
    weights = kernels()[:, None, :] * listens[:, :, None]  # (84, channels, 9)
    outputs = functional.conv1d(series.nan_to_num(), weights, dilation=dilation)
    missing = (~known).double()
    touched = functional.conv1d(missing, (weights != 0).double(), dilation=dilation)
    return outputs, touched < 0.5


class Convolutions(nn.Module):
    """Rows (B, channels · T), one signal after another, NaN: missing → shares (B, features)."""

    mean: Tensor
    spread: Tensor
    dilations: Tensor
    listens: Tensor
    biases: Tensor

    def __init__(self, *, channels: int, dilations: int, biases: int) -> None:
        super().__init__()
        self.channels = channels
        for name in ("mean", "spread"):
            self.register_buffer(name, torch.zeros(channels, dtype=torch.float64))
        self.register_buffer("dilations", torch.ones(dilations, dtype=torch.int64))
        self.register_buffer("listens", torch.zeros((dilations, KERNELS, channels)).bool())
        shape = (dilations, KERNELS, biases)
        self.register_buffer("biases", torch.zeros(shape, dtype=torch.float64))

    def forward(self, rows: Tensor) -> Tensor:
        series = self.standard(rows)
        found = []
        for dilation, listens, biases in zip(
            self.dilations.tolist(), self.listens, self.biases, strict=True
        ):
            if series.shape[2] <= dilation * (TAPS - 1):
                found.append(series.new_full((len(series), biases.numel()), torch.nan))
                continue
            outputs, known = convolved(series, dilation, listens.double())
            count = known.sum(dim=2)
            above = [((outputs > bias[:, None]) & known).sum(dim=2) / count for bias in biases.T]
            found.append(torch.stack(above, dim=2).flatten(1))
        return torch.cat(found, dim=1)

    def standard(self, rows: Tensor) -> Tensor:
        """(B, channels, T'), standardised, without the end at which nothing is known."""
        series = rows.view(len(rows), self.channels, -1)
        known = (~series.isnan()).any(dim=0).any(dim=0)
        last = int(known.nonzero().max()) + 1 if known.any() else 1
        return (series[:, :, :last] - self.mean[:, None]) / self.spread[:, None]
