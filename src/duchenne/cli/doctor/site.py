"""What the doctor looks at, and what it says of it."""

from dataclasses import dataclass
from pathlib import Path

from duchenne.config.datasets import OfDataset
from duchenne.config.params import Params


@dataclass(frozen=True)
class Site:
    """A workspace and the data set that somebody wants to use in it."""

    root: Path
    params: Params
    dataset: str

    @property
    def settings(self) -> OfDataset:
        return self.params.datasets[self.dataset]

    @property
    def data(self) -> Path:
        return self.root / "data" / "raw" / self.dataset

    @property
    def is_rendered(self) -> bool:
        """Whether the pipeline makes the data itself."""
        return self.dataset == "demo"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be; what to do. What blocks makes the command fail."""

    text: str
    blocks: bool = True
