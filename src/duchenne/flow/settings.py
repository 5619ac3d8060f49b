"""engine.yaml and the DUCHENNE_… variables: how stages run. No setting changes a result."""

import os
import pwd
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
import yaml
from pydantic import AfterValidator, ConfigDict, Field, ValidationError, field_validator

from duchenne.config.yaml import Section, explain_all, read_yaml
from duchenne.errors import ParamsError

_ENGINES = re.compile(r"local|inline|(tcp|tls|ws|wss)://\S+|[A-Za-z]+Cluster")


def _known(user: str) -> str:
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise ValueError("it should be the name of a user of this machine") from None
    return user


class Settings(Section):
    """How a stage runs its units."""

    model_config = ConfigDict(strict=False)

    engine: str = "local"
    workers: int | str = "auto"
    time_limit: Annotated[float, Field(gt=0)] | None = 900
    folds_per_device: Annotated[int, Field(ge=1)] = 1
    log: Literal["debug", "info", "warning", "error"] = "info"
    cluster: dict[str, Any] = Field(default_factory=dict)
    tls: str = "auto"
    trusted: bool = False
    wait: Annotated[float, Field(gt=0)] = 60
    cache_owners: list[Annotated[str, AfterValidator(_known)]] = Field(default_factory=list)

    @field_validator("engine")
    @classmethod
    def _an_engine_we_know(cls, engine: str) -> str:
        if not _ENGINES.fullmatch(engine):
            raise ValueError("it should be local, inline, tls://host:port or SLURMCluster or such")
        return engine

    @field_validator("workers", mode="before")
    @classmethod
    def _auto_or_a_number(cls, workers: object) -> object:
        if workers == "auto" or (type(workers) is int and workers >= 1):
            return workers
        raise ValueError("it should be auto or a whole number of at least 1")

    def for_folds(self, *, devices: int, threads: int) -> "Settings":
        """Settings for training, without a time limit: `folds_per_device` workers per device or, on
        the CPU, as many as have `threads` cores each."""
        together = self.folds_per_device * devices or max(1, self.processes() // threads)
        return self.model_copy(update={"workers": together, "time_limit": None})

    def owners(self) -> frozenset[int]:
        """The user ids whose finished units are used: ours, root's and those of `cache_owners`."""
        named = (pwd.getpwnam(name).pw_uid for name in self.cache_owners)
        return frozenset({os.geteuid(), 0, *named})

    def processes(self) -> int:
        """The number of workers to start."""
        return self.workers if isinstance(self.workers, int) else cores()


def cores() -> int:
    """The number of cores that this process may use; in a container it may be less than all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(path: Path) -> Settings:
    """engine.yaml if it exists; DUCHENNE_ENGINE, DUCHENNE_WORKERS, … take precedence."""
    values = read_yaml(path) if path.exists() else {}
    given = {key: os.environ.get(f"DUCHENNE_{key.upper()}") for key in Settings.model_fields}
    values |= {key: yaml.safe_load(text) for key, text in given.items() if text}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ParamsError(
            f"{path.name} (or a DUCHENNE_… variable): {explain_all(Settings, error)}"
        ) from None


def cache_folder() -> Path:
    """The folder of the unit cache: DUCHENNE_CACHE, or one in the user's cache folder."""
    chosen = os.environ.get("DUCHENNE_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("duchenne")
