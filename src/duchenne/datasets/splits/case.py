"""What is to be split, and what a split is."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

Role = Literal["train", "val", "test"]
ROLES: tuple[Role, ...] = get_args(Role)


class Case(NamedTuple):
    """One clip that may be used; `groups` holds a value for each group column, "" = not known."""

    clip: str
    subject: str
    label: int
    groups: tuple[str, ...] = ()


class Row(NamedTuple):
    """What one clip is for in one fold."""

    fold: str
    clip: str
    role: Role


def few(names: Sequence[str], *, most: int = 5) -> str:
    """The first of what may be many names: `a, b, c, d, e, …`."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def listed(names: Sequence[str], noun: str) -> str:
    """How many, and the first of them: `7 clips (a, b, c, d, e, …)`."""
    return f"{len(names)} {noun if len(names) == 1 else noun + 's'} ({few(names)})"
