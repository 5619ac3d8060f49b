"""A class of dask_jobqueue as the engine, with a stand-in for the batch system."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import distributed
import pytest

from duchenne.errors import EngineError, ParamsError
from duchenne.flow import tls
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Unit
from tests.flow.test_fanout import go, results
from tests.make import works

ASKED: list[Any] = []


class FakeCluster(distributed.LocalCluster):
    """Starts without workers, as a batch system does, and takes `scale(jobs=…)`."""

    def __init__(
        self, *, queue: str, processes: int, cores: int, security: Any, scheduler_options: Any
    ) -> None:
        ASKED.extend([queue, processes, cores])
        super().__init__(n_workers=0, threads_per_worker=1, security=security,
                         scheduler_kwargs=scheduler_options, silence_logs=50)  # fmt: skip

    def scale(self, n: Any = 0, memory: Any = None, cores: Any = None, jobs: Any = None) -> Any:
        ASKED.extend([] if jobs is None else [jobs])
        return super().scale(n if jobs is None else jobs)


@pytest.fixture
def jobqueue(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("dask_jobqueue")
    module.FakeCluster = FakeCluster  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dask_jobqueue", module)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        engine="FakeCluster", workers=1, cluster={"queue": "short", "cores": 1}, time_limit=60,
        tls=str(tmp_path / "keys"),
    )  # fmt: skip


def test_units_run_as_jobs(tmp_path: Path, jobqueue: None, settings: Settings):
    assert go(tmp_path, works.write_text, [Unit("a", spec={"word": "x"})], settings) == {
        "a": ("ok", "")
    }
    assert results(tmp_path) == {"a.txt": "x"}
    assert ASKED == ["short", 1, 1, 1], "queue, processes, cores, jobs"
    assert (tmp_path / "keys" / tls.KEY).exists(), "the jobs have keys, made where there were none"


@pytest.mark.parametrize("name", ["security", "protocol"])
def test_jobs_without_keys_are_refused(
    tmp_path: Path, jobqueue: None, settings: Settings, name: str
):
    settings.cluster[name] = None
    with pytest.raises(EngineError, match=f"cluster: {name} may leave the jobs without keys"):
        go(tmp_path, works.write_text, [Unit("a")], settings)


def test_a_class_that_does_not_exist_is_told(tmp_path: Path, jobqueue: None):
    with pytest.raises(ParamsError, match="dask_jobqueue has no class SLURMCluster"):
        go(tmp_path, works.write_text, [Unit("a")], Settings(engine="SLURMCluster"))


def test_a_missing_dask_jobqueue_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with pytest.raises(ParamsError, match=r"needs dask-jobqueue; install it with"):
        go(tmp_path, works.write_text, [Unit("a")], Settings(engine="SLURMCluster"))
