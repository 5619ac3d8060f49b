"""From parameters to the arguments of a network."""

from dataclasses import asdict
from typing import Any

from duchenne.config.models import NEEDS
from duchenne.config.training import Net, Training
from duchenne.nets.settings import Settings


def arguments(settings: Training, *, points: int, classes: int) -> dict[str, Any]:
    """What `duchenne.nets.registry` builds this model from; `points` landmarks, 0 for chips.

    A face of few landmarks has fewer curves, anchors and neighbours.
    """
    model, chip = settings.model, NEEDS[settings.model].chip
    if settings.net is not None:
        return _mesh(settings.net, settings.fusion, points=points, classes=classes)
    own = getattr(settings, model, None)
    given: dict[str, Any] = {"classes": classes, **(own.model_dump() if own else {})}
    match model:
        case "realsmilenet":
            return {"classes": classes, "memory": given["memory"]}
        case "scn":
            return {"classes": classes, "width": given["width"]}
        case "dexpression" | "vit" if chip is not None:
            return {**given, "side": chip.side}
    return given


def neighbours(net: Net, *, points: int) -> int:
    return min(net.neighbours, points - 1)


def _mesh(net: Net, fusion: str, *, points: int, classes: int) -> dict[str, Any]:
    given = net.model_dump(exclude={"points"})
    given |= {
        "points": points,
        "classes": classes,
        "fusion": fusion,
        "neighbours": neighbours(net, points=points),
        "curves": min(net.curves, points),
    }
    return asdict(Settings(**given))
