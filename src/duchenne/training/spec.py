"""What a fold's unit says."""

from typing import NamedTuple


class FoldSpec(NamedTuple):
    """What a fold's unit must know beside its files: everything is by clip, in their order."""

    fold: str
    clips: tuple[str, ...]
    roles: tuple[str, ...]
    labels: tuple[int, ...]
    subjects: tuple[str, ...]
    classes: tuple[str, ...]  # names of the classes, by number
    each: bool = True  # whether every clip has a file of its own
    dmarkers: bool = False  # whether their table comes last
