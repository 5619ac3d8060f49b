"""Who may talk to the workers of a stage: whoever has the run's keys, and nobody else."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from distributed import Client, Security

from duchenne.flow import engine, tls
from duchenne.flow.attempt import Attempt
from duchenne.flow.cache import UnitCache
from duchenne.flow.settings import Settings
from tests.flow.test_fanout import RECIPE
from tests.make import works

PAGES = ("/", "/health", "/metrics", "/json/counts.json", "/info/main/workers.html", "/status")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[engine.Cluster]:
    """The embedded cluster of a stage."""
    folder = tmp_path_factory.mktemp("cache")
    attempt = Attempt(works.write_text, RECIPE, UnitCache(folder), folder, None)
    with engine.start(Settings(workers=1), attempt, tasks=2, hear=print) as running:
        assert isinstance(running, engine.Cluster)
        yield running


@pytest.fixture(scope="module")
def ports(place: engine.Cluster) -> list[int]:
    """All ports at which this process and its children listen."""
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    found = [c for process in family for c in process.net_connections() if c.status == "LISTEN"]
    assert {connection.laddr.ip for connection in found} == {"127.0.0.1"}
    assert len(found) >= 4, "scheduler, nanny and worker, and what Dask opens for pages"
    return [connection.laddr.port for connection in found]


@pytest.mark.parametrize("keys", ["none", "others"])
def test_a_client_without_the_key_is_refused(place: engine.Cluster, keys: str) -> None:
    address = place._client.scheduler.address
    assert address.startswith("tls://")
    if keys == "none":
        address, security = address.replace("tls", "tcp"), Security()
    else:
        security = tls.of_this_run()
    with pytest.raises(OSError):
        Client(address, security=security, timeout=1, set_as_default=False)


def test_no_port_answers_without_the_key(ports: list[int]) -> None:
    """Neither in plain words nor to somebody who shows no certificate; pages are not found."""
    answers = {port: [spoken(port, page) for page in PAGES] for port in ports}
    pages = {port for port, said in answers.items() if any(said)}
    assert all("404" in line for port in pages for line in answers[port]), answers
    assert len(pages) < len(ports)
    for port in set(ports) - pages:
        with pytest.raises(OSError):
            greeted(port)


def spoken(port: int, page: str) -> str:
    """The first line of an answer to a browser."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        wire.sendall(f"GET {page} HTTP/1.0\r\n\r\n".encode())
        try:
            return wire.recv(64).decode(errors="replace").partition("\r\n")[0]
        except OSError:
            return ""


def greeted(port: int) -> bytes:
    """What is heard over TLS by somebody who shows no certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as wire,
        context.wrap_socket(wire) as secret,
    ):
        secret.sendall(b"hello")
        return secret.recv(64)


def test_keys_of_a_run_are_its_own() -> None:
    one, two = tls.make(), tls.make()
    assert one[0] != two[0]
    assert one[1] != two[1]


def test_a_worker_s_folder_is_private(place: engine.Cluster) -> None:
    for worker in place._client.scheduler_info()["workers"].values():
        assert Path(worker["local_directory"]).stat().st_mode & 0o022 == 0
