"""Windows of random landmarks, and small networks for tests of all variants."""

from typing import Any

import torch

from duchenne.nets import fusion, trunk
from duchenne.nets.inputs import Windows
from duchenne.nets.neighbours import nearest
from duchenne.nets.settings import MeshSettings
from duchenne.nets.smilenet import SmileNet


def small(**given: Any) -> MeshSettings:
    """MeshSettings of a smaller network, with all of its parts."""
    few: dict[str, Any] = {
        "points": 24,
        "latents": 4,
        "depth": 2,
        "time_depth": 1,
        "mlp": 32,
        "neighbours": 5,
        "curves": 8,
        "steps": 3,
        "encoder": "linear",
    }
    return MeshSettings(**few | given)


def network(settings: MeshSettings, *, seed: int = 0) -> SmileNet:
    """A network in evaluation mode."""
    torch.manual_seed(seed)
    return SmileNet(settings).eval()


def windows(settings: MeshSettings, *, seen: list[str], seed: int = 0) -> Windows:
    """One window for each of `seen`, with a letter for each frame: `.` present, `x` absent."""
    present = torch.tensor([[letter == "." for letter in row] for row in seen])
    draw = torch.Generator().manual_seed(seed)
    xyz = torch.randn((*present.shape, settings.points, 3), generator=draw)
    markers = torch.randn((len(seen), fusion.columns(settings)), generator=draw)
    if settings.indicators:
        markers[:, 225:] = (markers[:, 225:] > 1.0).float()
    number = trunk.columns(settings)
    if number:
        neighbours = nearest(xyz.flatten(0, 1), number).reshape(*xyz.shape[:3], number)
    else:
        neighbours = torch.zeros((*xyz.shape[:3], 0), dtype=torch.int64)
    return Windows(xyz, neighbours, present, markers)


def parameters(settings: MeshSettings) -> int:
    """The number of parameters of the network, without allocating them."""
    with torch.device("meta"):
        return sum(values.numel() for values in SmileNet(settings).parameters())
