"""A batch in equal shares, one on each thread from end to end, forward and backward.

Of all that a share goes through, only batch normalisation looks at the rest of the batch: there the
threads meet and sum up what each has found (`total`). All of them do the same operations in the
same order, so they meet in the same places, and do so on the way back too.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from threading import Barrier, BrokenBarrierError, local
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from duchenne.nets.kernels.crew import each

R = TypeVar("R")
Work = Callable[..., Tensor]
Rows = tuple[Tensor, ...]

_SEEDS = 2**62


def apart(work: Work, *inputs: Tensor, of: Sequence[nn.Module]) -> Tensor:
    """work(*inputs), the rows of all inputs shared out evenly among torch's threads.

    `work` gives a row for each row and sums up (`total`) as often in every share. Parameters get
    their gradients where they belong to the modules `of`; the way back can be gone once. With one
    thread, and on a GPU, it is simply called. Autocast does not reach the threads.
    """
    threads = min(torch.get_num_threads(), len(inputs[0]))
    if threads <= 1 or inputs[0].device.type != "cpu":
        return work(*inputs)
    seeds = torch.randint(_SEEDS, (threads,)).tolist() if any(m.training for m in of) else []
    if torch.is_grad_enabled():
        parameters = dict.fromkeys(values for module in of for values in module.parameters())
        return torch.cat(_recorded(work, threads, seeds, len(inputs), *inputs, *parameters))
    pieces = _shared_out(inputs, threads)
    return torch.cat(_at_once(threads, lambda share: work(*pieces[share]), seeds=seeds))


def total(*mine: Any) -> list[Any]:
    """Tensors or numbers, each summed over all shares; a batch by itself is the only one."""
    if _here.meeting is None:
        return list(mine)
    return _here.meeting.total(_here.share, mine)


def divided() -> bool:
    """Whether this thread works on a share."""
    return _here.meeting is not None


def first() -> bool:
    """Whether this is the share that does what is to be done once."""
    return _here.share == 0


def chance() -> torch.Generator | None:
    """What this share draws from; None is torch's own generator."""
    return _here.chance


class _Apart(torch.autograd.Function):
    """Each share keeps a graph of its own, through which its thread goes back."""

    @staticmethod
    def forward(
        ctx: Any, work: Work, threads: int, seeds: list[int], count: int, *given: Tensor
    ) -> Rows:
        asked = ctx.needs_input_grad[4:]
        pieces = [
            tuple(x.detach().requires_grad_(wanted) for x, wanted in zip(rows, asked, strict=False))
            for rows in _shared_out(given[:count], threads)
        ]

        def one(share: int) -> Tensor:
            with torch.enable_grad():
                return work(*pieces[share])

        ctx.results = _at_once(threads, one, seeds=seeds)
        ctx.wanted = [[x for x in (*rows, *given[count:]) if x.requires_grad] for rows in pieces]
        ctx.inputs = sum(asked[:count])
        return tuple(result.detach() for result in ctx.results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        def one(share: int) -> Sequence[Tensor | None]:
            result, wanted = ctx.results[share], ctx.wanted[share]
            if not result.requires_grad:  # nothing that was used is wanted
                return [None] * len(wanted)
            found: Sequence[Tensor | None] = torch.autograd.grad(
                result, wanted, gradients[share], allow_unused=True
            )
            return found

        of_shares = list(zip(*_at_once(len(gradients), one), strict=True))
        of_inputs = [_joined(rows, torch.cat) for rows in of_shares[: ctx.inputs]]
        of_parameters = [_joined(values, _sum) for values in of_shares[ctx.inputs :]]
        found = iter([*of_inputs, *of_parameters])
        return tuple(next(found) if wanted else None for wanted in ctx.needs_input_grad)


_recorded: Callable[..., Rows] = _Apart.apply


def _joined(
    of_shares: Sequence[Tensor | None], join: Callable[[list[Tensor]], Tensor]
) -> Tensor | None:
    """Nothing where no share had a use for it."""
    there = [values for values in of_shares if values is not None]
    return join(there) if there else None


def _sum(values: Sequence[Any]) -> Any:
    """In their order, and so to the same last digit wherever it is done."""
    return reduce(add, values)


def _at_once(threads: int, work: Callable[[int], R], *, seeds: Sequence[int] = ()) -> list[R]:
    """work(share) of all shares; what goes wrong in one ends the others, wherever they wait."""
    meeting, errors = _Meeting(threads), list[BaseException]()

    def one(share: int) -> R:
        _here.meeting, _here.share = meeting, share
        _here.chance = torch.Generator().manual_seed(seeds[share]) if seeds else None
        try:
            result = work(share)
            meeting.total(share, ())  # a share that sums up more often would wait for ever
            return result
        except BaseException as error:
            errors.append(error)
            meeting.barrier.abort()
            raise
        finally:
            _here.meeting, _here.share, _here.chance = None, 0, None

    try:
        return each(range(threads), one, threads=threads)
    except BrokenBarrierError:
        if errors:
            raise errors[0] from None
        raise


def _shared_out(inputs: Sequence[Tensor], threads: int) -> list[Rows]:
    return list(zip(*(x.tensor_split(threads) for x in inputs), strict=True))


class _Meeting:
    """Where the threads of one pass bring their parts of a sum."""

    def __init__(self, shares: int) -> None:
        self.barrier = Barrier(shares)
        self.brought: list[Sequence[Any]] = [()] * shares

    def total(self, share: int, mine: Sequence[Any]) -> list[Any]:
        self.brought[share] = mine
        self.barrier.wait()
        sums = [_sum(of_shares) for of_shares in zip(*self.brought, strict=True)]
        self.barrier.wait()  # until all have read
        return sums


class _Here(local):
    """What this thread is at."""

    meeting: _Meeting | None = None
    share: int = 0
    chance: torch.Generator | None = None


_here = _Here()
