"""What judges a clip by one row of numbers: fitted in one go, and all of it kept in buffers.

So weights go into a file of numbers alone, and judging needs nothing of what did the fitting.
"""

from typing import Any

from duchenne.errors import suggest
from duchenne.nets.fitted.base import Judge
from duchenne.nets.fitted.kernel_machine import KernelMachine
from duchenne.nets.fitted.linear import Linear
from duchenne.nets.fitted.prior import Prior
from duchenne.nets.fitted.tree_sum import TreeSum

JUDGES: dict[str, type[Judge]] = {
    "prior": Prior,
    "linear": Linear,
    "kernel_machine": KernelMachine,
    "tree_sum": TreeSum,
}


def build(arguments: dict[str, Any]) -> Judge:
    """A judge of these shapes that has yet to be given its weights; `judge` names its kind."""
    shapes = dict(arguments)
    name = shapes.pop("judge")
    if name not in JUDGES:
        raise ValueError(f"there is no judge '{name}'; {suggest(name, JUDGES)}")
    return JUDGES[name](**shapes)
