"""Clusters beyond this process: who may join, what both sides must share, and what goes wrong."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import distributed
import pytest

from duchenne.errors import EngineError, ParamsError
from duchenne.flow import engine, tls, worker
from duchenne.flow.attempt import Attempt
from duchenne.flow.cache import UnitCache
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Unit, installed
from tests.flow.test_fanout import RECIPE, go, results
from tests.make import works
from tests.make.clusters import Cluster, cluster, end
from tests.make.workspace import Workspace

FAR = [Unit("far", spec={"word": "x"})]
PLAIN = {"dashboard_address": ":0", "silence_logs": 50}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and a worker of `duchenne`, which the tests of this file use in turn."""
    with cluster(tmp_path_factory.mktemp("cluster")) as running:
        running.scheduler().workers()
        yield running


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler of one's own, without workers."""
    with cluster(tmp_path / "cluster") as running:
        yield running.scheduler()


def at(running: Cluster, **changes: object) -> Settings:
    given = {"engine": running.address, "tls": str(running.keys), "time_limit": 60, "wait": 20}
    return Settings.model_validate({**given, **changes})


def test_units_run_there(ours: Cluster, tmp_path: Path) -> None:
    assert go(tmp_path, works.write_text, FAR, at(ours)) == {"far": ("ok", "")}
    assert results(tmp_path) == {"far.txt": "x"}


def test_what_units_say_is_heard(
    ours: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go(tmp_path, works.tell, [Unit("far")], at(ours))
    assert "far is heard" in capsys.readouterr().err
    assert results(tmp_path) == {"far.txt": "0"}, "the number of the worker on its machine"


def test_a_worker_s_death_costs_its_unit_alone(ours: Cluster, tmp_path: Path) -> None:
    units = [Unit("die", spec={"do": "die"}), Unit("good")]
    assert go(tmp_path, works.misbehave, units, at(ours)) == {
        "die": ("failed", "worker_died"), "good": ("ok", "")
    }  # fmt: skip


def test_an_ordinary_scheduler_does_too(tmp_path: Path) -> None:
    """It has none of our code (what Python would find there breaks), nor has its worker."""
    poison = tmp_path / "poison" / "duchenne"
    poison.mkdir(parents=True)
    (poison / "__init__.py").write_text("raise RuntimeError('the scheduler has imported this')")
    facts, env = tmp_path / "scheduler.json", {"PYTHONPATH": str(poison.parent)}
    dask = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0")
    jobs = (sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1")
    with cluster(tmp_path / "cluster") as running:
        where = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", ":0")
        running.start(*dask, *where, "--scheduler-file", str(facts), env=env)
        running.start(*jobs, "--no-dashboard", "--scheduler-file", str(facts), env=env)
        address = _address(facts)
        settings = Settings(engine=address, trusted=True, time_limit=60)
        assert go(tmp_path, works.write_text, FAR, settings) == {"far": ("ok", "")}


def _address(facts: Path) -> str:
    while not facts.exists() or not facts.read_text():
        time.sleep(0.05)
    return str(json.loads(facts.read_text())["address"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"engine": "tcp://127.0.0.1:9"}, "has no keys, so everybody"),
        ({"engine": "tcp://127.0.0.1:9", "trusted": True}, "no Dask scheduler answers at tcp://12"),
        ({"engine": "tls://127.0.0.1:9"}, "no Dask scheduler answers at tls://12"),
        ({"tls": "/none"}, "/none lacks cert.pem and key.pem"),
        ({"tls": "keys"}, "tls: keys should be auto or a full path"),
    ],
    ids=["no keys", "nobody there", "nobody there, keys", "keys missing", "keys somewhere"],
)
def test_what_cannot_be_reached_is_told(
    ours: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
    says: str,
) -> None:
    monkeypatch.setitem(engine.DASK, "distributed.comm.timeouts.connect", "1s")
    with pytest.raises((EngineError, ParamsError), match=says):
        go(tmp_path, works.write_text, FAR, at(ours, **changes))


def test_other_keys_are_refused(
    ours: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engine.DASK, "distributed.comm.timeouts.connect", "1s")
    tls.make_folder(tmp_path / "keys")
    with pytest.raises(EngineError, match="or it has other keys"):
        go(tmp_path, works.write_text, FAR, at(ours, tls=str(tmp_path / "keys")))


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    tls.make_folder(tmp_path)
    assert tls.of_folder(tmp_path).require_encryption
    (tmp_path / tls.KEY).chmod(mode)
    with pytest.raises(EngineError, match="can be read by others"):
        tls.of_folder(tmp_path)


def test_keys_that_are_there_stay(tmp_path: Path) -> None:
    tls.make_folder(tmp_path / "keys")
    before = (tmp_path / "keys" / tls.KEY).read_text()
    tls.make_folder(tmp_path / "keys")
    assert (tmp_path / "keys" / tls.KEY).read_text() == before
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0


def test_a_scheduler_without_workers_is_told(alone: Cluster, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no workers, and none came within 0.5 s"):
        go(tmp_path, works.write_text, FAR, at(alone, wait=0.5))


def test_workers_with_several_threads_are_refused(tmp_path: Path) -> None:
    """A time limit ends a process, so units would die of their neighbours."""
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, **PLAIN) as plain,
        pytest.raises(EngineError, match="2 threads; start workers with `duchenne worker`"),
    ):
        settings = Settings(engine=plain.scheduler_address, trusted=True)
        go(tmp_path, works.write_text, FAR, settings)


def test_other_versions_are_named(ours: Cluster, tmp_path: Path) -> None:
    recipe = replace(RECIPE, libraries=(*installed("numpy"), ("av", "0.1"), ("nowhere", "2")))
    with pytest.raises(EngineError, match=r"worker .*-0 on .*: other versions: av \d.* instead of "
                       r"0.1, nowhere none instead of 2; install"):  # fmt: skip
        go(tmp_path, works.write_text, FAR, at(ours), recipe=recipe)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, []),
        ({"code": {"src/duchenne/old.py": "0"}}, ["other code .*src/duchenne/old.py"]),
        ({"versions": {"python": "2.7"}}, ["other versions: python 3.* instead of 2.7"]),
        ({"run": "another"}, ["the unit cache .* is not the stage's; set DUCHENNE_CACHE"]),
    ],
    ids=["nothing", "code", "versions", "cache"],
)
def test_what_stage_and_worker_do_not_share_is_named(
    tmp_path: Path, change: dict[str, object], says: list[str]
) -> None:
    traces = tmp_path / "cache" / "parts" / "run1"
    traces.mkdir(parents=True)
    attempt = Attempt(works.write_text, RECIPE, UnitCache(tmp_path / "cache"), traces, None)
    terms = worker.terms(attempt, local=False)
    if "code" in change:
        change["code"] = {**terms["code"], **change["code"]}  # type: ignore[dict-item]
    found = worker.differences({**terms, **change})  # type: ignore[typeddict-item]
    assert len(found) == len(says)
    assert all(re.search(pattern, text) for pattern, text in zip(says, found, strict=True)), found


def test_workers_that_all_leave_are_told(
    alone: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_LOOK", 0.2)
    leaving = alone.workers()
    with (
        _meanwhile(lambda: end(leaving), after=tmp_path / "results"),
        pytest.raises(EngineError, match=r"no worker is left at tls://.* within 1 s"),
    ):
        go(tmp_path, works.misbehave, [Unit("long", spec={"do": "sleep"})], at(alone, wait=1))


def test_a_scheduler_that_goes_is_told(alone: Cluster, tmp_path: Path) -> None:
    alone.workers()
    with (
        _meanwhile(lambda: end(alone.started[0]), after=tmp_path / "results"),
        pytest.raises(EngineError, match="the scheduler has gone, and all that it knew"),
    ):
        go(tmp_path, works.misbehave, [Unit("long", spec={"do": "sleep"})], at(alone))


def test_a_worker_takes_the_code_of_whichever_project_sends_units(
    ours: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stages of three folders in turn, with code of one name: the third is the first's, edited."""
    said: list[str] = []
    for place, word in (("one", "1"), ("two", "2"), ("one", "edited")):
        code = tmp_path / place / "stages" / "spoken.py"
        Workspace.make(tmp_path / place) if not code.exists() else None
        code.write_text(SPOKEN.format(word=word))
        script = (
            "import sys; from pathlib import Path; from stages import spoken; "
            f"spoken.go(Path({str(tmp_path)!r}), {ours.address!r}, {str(ours.keys)!r})"
        )
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path / place, check=True)
        said += results(tmp_path).values()
    assert said == ["1", "2", "edited"]


SPOKEN = """
from duchenne.flow.fanout import Places, fan_out
from duchenne.flow.attempt import Attempt
from duchenne.flow.cache import UnitCache
from duchenne.flow.settings import Settings
from duchenne.flow.unit import Outcome, Recipe, Unit


def speak(unit, recipe, out):
    out.write_text("{word}")
    return Outcome()


def go(folder, address, keys):
    fan_out(
        speak,
        [Unit("one")],
        recipe=Recipe(stage="trial", params=None, code="{word}", libraries=()),
        places=Places(folder / "results", ".txt", folder / "status.parquet"),
        settings=Settings(engine=address, tls=keys),
        max_failed=0.0,
    )
"""


class _meanwhile:  # noqa: N801 - a context manager
    """Do something in a thread, a second after a folder has come to be."""

    def __init__(self, deed: Callable[[], None], *, after: Path) -> None:
        self._thread = threading.Thread(target=self._run, args=(deed, after), daemon=True)

    def _run(self, deed: Callable[[], None], after: Path) -> None:
        while not after.exists():
            time.sleep(0.05)
        time.sleep(1)
        deed()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join(timeout=30)
