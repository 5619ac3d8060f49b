"""What a check takes and what it yields: `Site` and `Finding`."""

from dataclasses import dataclass
from pathlib import Path

from duchenne.config.datasets import OfDataset
from duchenne.config.params import Params


@dataclass(frozen=True)
class Site:
    """A workspace and the data set to check in it."""

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
        """Whether the pipeline renders the data itself."""
        return self.dataset == "demo"


@dataclass(frozen=True)
class Finding:
    """A problem and its cure. `blocks`: it would stop `dvc repro`, and the command fails."""

    text: str
    blocks: bool = True
