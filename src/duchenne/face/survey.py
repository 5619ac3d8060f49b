"""Which frames of a clip to look at for faces, so that the others need not even be decoded."""

from collections.abc import Callable, Iterable

from duchenne.face.boxes import overlap
from duchenne.face.detect import Detections
from duchenne.media.jpeg import Pixels

_EARLY = 0.01  # s; frames that are not quite evenly spaced should not push the next look away
_STAYED = 0.7  # overlap: a face moved by less than a sixth of its width


def survey(
    pictures: Iterable[tuple[float, Callable[[], Pixels]]],
    detector: Callable[[Pixels], Detections],
    *,
    every: float,
    min_score: float,
) -> list[Detections | None]:
    """Look at one picture in `every` s, and at all between two looks that disagree.

    Each picture comes as its time in s and a function that reads it, so that those nobody looks at
    are never decoded; None stands for them. Where the faces stayed in place from one look to the
    next, a line between the two is as good as looking; not where one came, went or moved far. Only
    faces that reach `min_score` are a reason to look again.
    """
    found: list[Detections | None] = []
    waiting: list[Callable[[], Pixels]] = []
    last: tuple[float, Detections] | None = None

    def look(read: Callable[[], Pixels], time: float) -> None:
        nonlocal last
        now = detector(read())
        moved = last is not None and not _alike(last[1], now, min_score=min_score)
        found.extend(detector(passed()) if moved else None for passed in waiting)
        found.append(now)
        waiting.clear()
        last = (time, now)

    time = 0.0
    for time, read in pictures:
        if last is None or time >= last[0] + every - _EARLY:
            look(read, time)
        else:
            waiting.append(read)
    if waiting:
        look(waiting.pop(), time)
    return found


def _alike(before: Detections, now: Detections, *, min_score: float) -> bool:
    """Whether every sure face of either look is in about the same place in the other."""

    def stayed(faces: Detections, others: Detections) -> bool:
        sure = faces.boxes[faces.scores >= min_score]
        return all(any(overlap(a, b) > _STAYED for b in others.boxes) for a in sure)

    return stayed(before, now) and stayed(now, before)
