"""Every network by the name that params.yaml calls its model, built from plain arguments.

The arguments are kept beside the weights as JSON, so that a network can be built again without the
params.yaml that it was trained with.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from duchenne.nets.dexpression import DeXpression
from duchenne.nets.p4transformer import P4Transformer
from duchenne.nets.pstnet import PstNet
from duchenne.nets.realsmilenet import RealSmileNet
from duchenne.nets.scn import Scn
from duchenne.nets.settings import Settings
from duchenne.nets.smilenet import SmileNet
from duchenne.nets.vit import Vit


def _mesh(**arguments: Any) -> nn.Module:
    return SmileNet(Settings(**arguments))


NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "mesh": _mesh,
    "realsmilenet": RealSmileNet,
    "dexpression": DeXpression,
    "scn": Scn,
    "vit": Vit,
    "pstnet": PstNet,
    "p4transformer": P4Transformer,
}


def build(model: str, arguments: Mapping[str, Any]) -> nn.Module:
    return NETWORKS[model](**arguments)
