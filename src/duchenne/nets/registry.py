"""Networks by the name of their model, built from plain arguments.

The arguments are kept beside the weights as JSON, so that a network can be built again without the
params.yaml that it was trained with.
"""

from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import Any

from torch import nn

from duchenne.config.models import MODELS


def network(model: str) -> Callable[..., nn.Module]:
    """The class that is declared in duchenne.config.models."""
    found: Callable[..., nn.Module] = resolve_name(MODELS[model].network)
    return found


def build(model: str, arguments: Mapping[str, Any]) -> nn.Module:
    return network(model)(**arguments)
