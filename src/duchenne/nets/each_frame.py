"""For networks that judge pictures one by one: the frames apart, and what they say together."""

import torch
from torch import Tensor
from torch.nn import functional

<<<<<<< HEAD
from duchenne.nets.frames import by_window
=======
from duchenne.nets.inputs import Pictures
>>>>>>> stills


def outputs(classes: int) -> int:
    """Columns of the logits: two classes need one."""
    return 1 if classes == 2 else classes


<<<<<<< HEAD
def mean(values: Tensor, present: Tensor) -> Tensor:
    """Of each window's frames: (F, K) → (B, K)."""
    return by_window(values, present).sum(dim=1) / present.sum(dim=1, keepdim=True)
=======
def frames(pictures: Pictures) -> Tensor:
    """The F present ones, window after window, as (F, C, H, W) in 0 to 1."""
    return pictures.chips[pictures.present].movedim(-1, 1).float() / 255.0


def mean(values: Tensor, present: Tensor) -> Tensor:
    """Of each window's frames: (F, K) → (B, K)."""
    return _windows(values, present, absent=0.0).sum(dim=1) / present.sum(dim=1, keepdim=True)
>>>>>>> stills


def verdict(logits: Tensor, present: Tensor) -> Tensor:
    """Logits of each window's mean class probabilities: (F, 1 or classes) → (B, 1 or classes).

    Of many classes they are the logarithms of the means. All of it is done in logarithms, so that
    the surest frames can still be taught.
    """
    if logits.shape[1] > 1:
        return _log_mean(functional.log_softmax(logits, dim=1), present)
    both = torch.cat((logits, -logits), dim=1)
    yes, no = _log_mean(functional.logsigmoid(both), present).chunk(2, dim=1)
    return yes - no


def _log_mean(logs: Tensor, present: Tensor) -> Tensor:
    """log(mean(exp(logs))) of each window's frames: (F, K) → (B, K)."""
<<<<<<< HEAD
    windows = by_window(logs, present, absent=-torch.inf)
    return windows.logsumexp(dim=1) - present.sum(dim=1, keepdim=True).log()
=======
    windows = _windows(logs, present, absent=-torch.inf)
    return windows.logsumexp(dim=1) - present.sum(dim=1, keepdim=True).log()


def _windows(values: Tensor, present: Tensor, *, absent: float) -> Tensor:
    """(F, K) → (B, T, K), with (B, T) True F times."""
    windows = values.new_full((*present.shape, values.shape[1]), absent)
    windows[present] = values
    return windows
>>>>>>> stills
