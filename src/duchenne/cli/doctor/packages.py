"""The packages that duchenne uses: missing, of another version than pinned, broken, in conflict."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

from duchenne.cli.doctor import Finding, Site

# Packages that are imported under another name.
MODULES = {"dlib-bin": "dlib", "pillow": "PIL", "pyyaml": "yaml",
           "ruamel-yaml-clib": "_ruamel_yaml", "scikit-image": "skimage",
           "scikit-learn": "sklearn", "vl-convert-python": "vl_convert"}  # fmt: skip
CURE = "`make repro` installs what requirements.lock says (after `make clean` from the beginning)"

# It prints each name before the import, so that a crash in native code can be attributed.
_LOADER = """
import importlib, sys
for name in sys.argv[1:]:
    print("tries", name, flush=True)
    try:
        importlib.import_module(name)
    except BaseException as error:
        print("fails", name, type(error).__name__, *str(error).split(), flush=True)
"""


def check(site: Site) -> Iterator[Finding]:
    """Compare the installed packages with pyproject.toml and requirements.lock, and import each."""
    wanted = needed()
    there = [name for name in wanted if _version(name)]
    yield from _missing([name for name in wanted if name not in there])
    yield from _other_versions(pinned(site.root / "requirements.lock"))
    yield from _broken(load([module_of(name) for name in there]))
    yield from shared(packages_distributions())


def needed() -> list[str]:
    """The direct requirements of duchenne, without those of its extras."""
    try:
        wanted = requires("duchenne") or []
    except PackageNotFoundError:
        return []
    return sorted(plain_name(want) for want in wanted if "extra ==" not in want)


def plain_name(requirement: str) -> str:
    """The normalized name (PEP 503) of a requirement, without version, extras and markers."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<=>\[; ]", requirement)[0]).lower()


def module_of(name: str) -> str:
    """The module that a package is imported as."""
    return MODULES.get(name, name.replace("-", "_"))


def pinned(lock: Path) -> dict[str, str]:
    """The versions in requirements.lock; none where there is no such file."""
    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    pairs = re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    return {plain_name(name): pin for name, pin in pairs}


def load(modules: Sequence[str]) -> dict[str, str]:
    """Import modules in a process of their own; why each that failed did, by its name.

    After a crash, a new process goes on with the modules after the one that crashed.
    """
    failures: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _LOADER, *waiting],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
        failures |= {line[1]: line[2] for line in lines if line[0] == "fails" and len(line) > 2}
        tried = [line[1] for line in lines if line[0] == "tries"]
        if done.returncode and tried:
            failures.setdefault(tried[-1], f"ends the process (exit code {done.returncode})")
        waiting = waiting[len(tried) :] if done.returncode and tried else []
    return failures


def shared(owners: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Report several packages that install cv2: each overwrites the other's files."""
    held = sorted(set(owners.get("cv2", ())))
    if len(held) > 1:
        others = " ".join(name for name in held if name != "opencv-contrib-python")
        yield Finding(
            f"{' and '.join(held)} both own the folder cv2; `.venv/bin/uv pip uninstall {others}`, "
            "then `.venv/bin/uv pip install --reinstall-package opencv-contrib-python "
            "-c requirements.lock opencv-contrib-python`"
        )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _missing(names: Sequence[str]) -> Iterator[Finding]:
    if names:
        yield Finding(f"not installed: {', '.join(names)}; {CURE}")


def _other_versions(pins: Mapping[str, str]) -> Iterator[Finding]:
    """Note versions that differ from the pins.

    A local version such as torch's +cpu is ignored, and so are packages that are not installed:
    they belong to extras.
    """
    here = {name: has for name in pins if (has := _version(name))}
    other = [
        f"{name} {has} (pinned {pins[name]})"
        for name, has in here.items()
        if has.partition("+")[0] != pins[name]
    ]
    if other:
        text = f"other versions than pinned: {', '.join(other)}; results may differ; {CURE}"
        yield Finding(text, blocks=False)


def _broken(failures: Mapping[str, str]) -> Iterator[Finding]:
    if failures:
        told = "; ".join(f"{name}: {why}" for name, why in failures.items())
        yield Finding(f"cannot be imported: {told}; {CURE}")
