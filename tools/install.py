"""Install the packages of requirements.lock, then duchenne, beside the Python that runs this.

`python -m tools.install dev` installs what `make` needs; an extra's name adds that extra. pip
installs uv, and uv the rest. A package is refused if requirements.lock lacks it or its hash. uv
does not read pip's configuration, so it is passed on. This runs with the standard library alone.
"""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = "requirements.lock"
# pip's settings and uv's variables for the same; in uv a list is separated by the third.
PASSED_ON = (
    ("index-url", "UV_DEFAULT_INDEX", " "),
    ("extra-index-url", "UV_INDEX", " "),
    ("find-links", "UV_FIND_LINKS", ","),
    ("no-index", "UV_OFFLINE", " "),  # has no variable of its own
    ("trusted-host", "UV_INSECURE_HOST", " "),
    ("proxy", "ALL_PROXY", " "),
    ("cert", "SSL_CERT_FILE", " "),
)


def main(extras: Sequence[str]) -> None:
    env = uv_env(pip_settings())
    uv = bring_uv()
    install_locked(ROOT, extras, uv=uv, python=sys.executable, env=env)
    own = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    run([uv, "pip", "install", "--quiet", "--python", sys.executable, *own], env=env)


def bring_uv() -> str:
    """The path of uv, in the version and with a hash of the lock."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "uv.txt"
        wanted.write_text(entry((ROOT / LOCK).read_text(encoding="utf-8"), "uv"), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "--no-deps", "-r", str(wanted)], env=os.environ)
    return str(Path(sysconfig.get_path("scripts")) / "uv")


def install_locked(
    project: Path, extras: Sequence[str], *, uv: str, python: str, env: Mapping[str, str]
) -> None:
    """Install a project's dependencies and those of the extras, none that its lock lacks.

    The lock constrains and is not installed as a whole: it also holds all extras and what torch
    needs for CUDA. Packages without a wheel are built with the lock's build tools.
    """
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / LOCK
        text = (project / LOCK).read_text(encoding="utf-8")
        lock.write_text(with_local_torch(text, uv=uv, python=python, env=env), encoding="utf-8")
        by_lock = ["--require-hashes", "--constraints", lock, "--build-constraints", lock]
        wanted = ["-r", project / "pyproject.toml"]
        for extra in extras:
            wanted += ["--extra", extra]
        words = ["install", "--quiet", *bytecode(env), "--python", python, *by_lock, *wanted]
        run([uv, "pip", *map(str, words)], env=env)


def bytecode(env: Mapping[str, str]) -> list[str]:
    """Compile all modules now (half the time of an installation) only where Python is told not to
    write bytecode: there each process would compile what it imports anew, 6 s for a stage."""
    return ["--compile-bytecode"] if env.get("PYTHONDONTWRITEBYTECODE") else []


def with_local_torch(lock: str, *, uv: str, python: str, env: Mapping[str, str]) -> str:
    """The lock with torch's version as uv finds it here, such as 2.13.0+cpu.

    uv looks for hashes under the whole version, and the lock has those of all builds under the
    plain one, so that GPUs' users get CUDA.
    """
    plain = entry(lock, "torch").split()[0]
    return lock.replace(f"{plain} ", f"{offered(plain, uv=uv, python=python, env=env)} ")


def offered(requirement: str, *, uv: str, python: str, env: Mapping[str, str]) -> str:
    """`name==version` as the machine's indexes have it."""
    compiled = subprocess.run(
        [uv, "pip", "compile", "--quiet", "--python", python, "--no-deps", "--no-header",
         "--no-annotate", "-"],
        input=requirement, env=env, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if compiled.returncode:
        sys.exit(f"uv finds no {requirement}; see `pip config list` for the indexes that it asks")
    return compiled.stdout.strip()


def entry(lock: str, name: str) -> str:
    """The lines of one package."""
    found = re.search(rf"^{re.escape(name)}==(.*\\\n)*.*", lock, re.MULTILINE)
    if found is None:
        sys.exit(f"{LOCK} has no {name}; name it in pyproject.toml and run `make lock`")
    return found[0] + "\n"


def pip_settings() -> dict[str, str]:
    """pip's own settings: of its files, of the command `install`, of the environment."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return read_settings(listed)


def read_settings(listed: str) -> dict[str, str]:
    """The output of `pip config list`; the environment counts most, then `install`."""
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for line in listed.splitlines():
            place, _, value = line.partition("=")
            if place.startswith(f"{section}."):
                settings[place.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return settings


def uv_env(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment that makes uv look where pip does; what is set for uv itself stays."""
    env = {
        variable: separator.join(settings[name].split())
        for name, variable, separator in PASSED_ON
        if name in settings
    }
    # As in pip, all indexes count alike; whose file it is, the hashes say.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **env, **os.environ}


def run(command: Sequence[str], *, env: Mapping[str, str]) -> None:
    """Run a command; if it fails, so does this, and its own message stands."""
    if code := subprocess.run(command, env=env, check=False).returncode:
        sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
