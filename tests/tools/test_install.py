"""Installing by requirements.lock: what it does not vouch for is refused. No network is asked."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tools import install

UV = str(Path(sys.executable).parent / "uv")
FALSE = "0" * 64


def wheel(folder: Path, version: str, name: str = "torch", needs: str = "") -> str:
    """A wheel of one empty module, whose sha256 comes back."""
    told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in (("METADATA", told), ("WHEEL", tag), ("RECORD", "")):
            archive.writestr(f"{info}/{file}", text)
        archive.writestr(f"{name}.py", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def source(folder: Path) -> str:
    """The package `tool` to be built by `backend`; its sha256 comes back."""
    path = folder / "tool-2.tar.gz"
    build = '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n'
    told = "Metadata-Version: 2.1\nName: tool\nVersion: 2\n"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in (("pyproject.toml", build), ("PKG-INFO", told)):
            member = tarfile.TarInfo(f"tool-2/{file}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def installed(project: Path, lock: str) -> list[str]:
    """What lies in a new environment after `install_locked`, by pip's settings for the wheels."""
    (project / "pyproject.toml").write_text(
        '[project]\nname = "tiny"\nversion = "1"\ndependencies = ["torch"]\n'
        '[project.optional-dependencies]\ndev = ["tool"]\n'
    )
    (project / install.LOCK).write_text(lock)
    venv.create(project / "env")
    settings = install.read_settings(
        f"global.find-links='/nowhere'\n:env:.find-links={str(project)!r}\n:env:.no-index='1'\n"
    )
    env = install.uv_env(settings) | {"UV_CACHE_DIR": str(project / "cache")}
    python = str(project / "env/bin/python")
    install.install_locked(project, ["dev"], uv=UV, python=python, env=env)
    return sorted(path.stem for path in (project / "env").rglob("*.dist-info"))


@pytest.mark.parametrize("builds", [["1.0"], ["1.0", "1.0+cpu"], ["1.0+cpu"]])
def test_the_build_that_the_machine_offers_is_installed_by_its_hash(
    builds: list[str], tmp_path: Path
):
    tool = wheel(tmp_path, "2", "tool")
    hashes = "".join(f" --hash=sha256:{wheel(tmp_path, build)}" for build in builds)
    lock = f"torch==1.0{hashes} --hash=sha256:{FALSE}\ntool==2 --hash=sha256:{tool}\n"
    assert installed(tmp_path, lock) == ["tool-2", f"torch-{builds[-1]}"]
    assert len(list((tmp_path / "env").rglob("torch.*.pyc"))) == 1


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("another hash", "Hash mismatch for `torch==1.0`"),
        ("another hash of a build", "Hash mismatch for `torch==1.0+cpu`"),
        ("not listed", "no trusted hash was provided for: `tool`"),
        ("needs what is not listed", "no trusted hash was provided for: `other`"),
        ("another version", "uv finds no torch==1.1; see `pip config list`"),
    ],
)
def test_what_the_lock_does_not_vouch_for_is_refused(
    case: str, says: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    needs = "Requires-Dist: other\n" if case.startswith("needs") else ""
    torch = wheel(tmp_path, "1.0+cpu" if "build" in case else "1.0", needs=needs)
    tool, _ = wheel(tmp_path, "2", "tool"), wheel(tmp_path, "3", "other")
    version = "1.1" if "version" in case else "1.0"
    lock = f"torch=={version} --hash=sha256:{FALSE if 'hash' in case else torch}\n"
    lock += "" if case == "not listed" else f"tool==2 --hash=sha256:{tool}\n"
    with pytest.raises(SystemExit) as refused:
        installed(tmp_path, lock)
    assert says in f"{capfd.readouterr().err}{refused.value}"
    assert list((tmp_path / "env").rglob("*.dist-info")) == []


def test_a_build_tool_with_another_hash_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    torch, tool = wheel(tmp_path, "1.0"), source(tmp_path)
    wheel(tmp_path, "1", "backend")
    lock = "".join(
        f"{name} --hash=sha256:{digest}\n"
        for name, digest in {"torch==1.0": torch, "tool==2": tool, "backend==1": FALSE}.items()
    )
    with pytest.raises(SystemExit):
        installed(tmp_path, lock)
    assert "Hash mismatch for `backend==1`" in capfd.readouterr().err


def test_uv_looks_where_pip_does(monkeypatch: pytest.MonkeyPatch):
    for name in (name for name in os.environ if name.startswith(("UV_", "SSL_"))):
        monkeypatch.delenv(name)
    listed = (
        ":env:.find-links='/a\\n/b'\nglobal.find-links='/c'\nglobal.index-url='https://x/simple'\n"
        "install.index-url='https://y/simple'\nglobal.extra-index-url='file:///d file:///e'\n"
        "global.cert='/ca.crt'\nglobal.timeout='9'\n"
    )
    env = install.uv_env(install.read_settings(listed))
    assert {name: value for name, value in env.items() if os.environ.get(name) != value} == {
        "UV_DEFAULT_INDEX": "https://y/simple",
        "UV_FIND_LINKS": "/a,/b",
        "UV_INDEX": "file:///d file:///e",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/ca.crt",
    }


def test_what_is_set_for_uv_itself_stays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_FIND_LINKS", "/mine")
    assert install.uv_env({"find-links": "/pip's"})["UV_FIND_LINKS"] == "/mine"


def test_pip_s_settings_are_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_FIND_LINKS", "/it's here")
    assert install.pip_settings()["find-links"] == "/it's here"


def test_an_entry_goes_to_its_last_hash():
    lock = (
        "uvx==1 \\\n    --hash=a\nuv==2 ; x \\\n    --hash=b \\\n    --hash=c\nz==3 \\\n --hash=d\n"
    )
    assert install.entry(lock, "uv") == "uv==2 ; x \\\n    --hash=b \\\n    --hash=c\n"
    with pytest.raises(SystemExit, match="has no u; name it"):
        install.entry(lock, "u")


def test_the_makefile_s_uv_is_the_lock_s():
    told = subprocess.run([UV, "--version"], capture_output=True, text=True, check=True).stdout
    lock = (install.ROOT / install.LOCK).read_text(encoding="utf-8")
    assert f"uv=={told.split()[1]} " in install.entry(lock, "uv")
