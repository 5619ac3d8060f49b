"""`make sweep`: one experiment for each combination of settings, and a table that compares them.

A plain loop of `dvc exp run`: finished experiments of this commit are skipped, so a sweep that was
stopped goes on where it was.
"""

import itertools
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from duchenne.errors import ParamsError


def plan(path: Path) -> tuple[str, list[dict[str, str]]]:
    """The name of a sweep, and the settings of each experiment, from a file with the keys `name`,
    `vary` (lists of values) and, for what is the same in all, `set`."""
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(given, dict) or set(given) - {"name", "vary", "set"} or not given.get("vary"):
        raise ParamsError(f"{path}: it should have the keys name and vary, and may have set")
    name = str(given.get("name", path.stem))
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ParamsError(f"{path}: name: '{name}' should be of letters, digits, - and _")
    vary: Mapping[str, Any] = given["vary"]
    short = [key for key, values in vary.items() if not isinstance(values, list) or not values]
    if short:
        raise ParamsError(f"{path}: vary: {short[0]} should be a list of values")
    same = {str(key): str(value) for key, value in (given.get("set") or {}).items()}
    combinations = itertools.product(*vary.values())
    return name, [
        same | dict(zip(map(str, vary), map(str, values), strict=True)) for values in combinations
    ]


def called(name: str, settings: Mapping[str, str]) -> str:
    """The name of an experiment: `fusions-hadamard-0`."""
    values = "-".join(settings.values())
    return f"{name}-{re.sub(r'[^A-Za-z0-9_]+', '-', values).strip('-')}"


def is_done(experiment: str) -> bool:
    """Whether an experiment of this name has been run from this commit."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    head = done.stdout.strip()
    ref = f"refs/exps/{head[:2]}/{head[2:]}/{experiment}"
    shown = subprocess.run(["git", "show-ref", "--verify", "--quiet", ref], check=False)
    return shown.returncode == 0


def run(path: Path) -> int:
    name, every = plan(path)
    failed = []
    for number, settings in enumerate(every, 1):
        experiment = called(name, settings)
        print(f"{number}/{len(every)} {experiment}", flush=True)
        if is_done(experiment):
            continue
        words = [word for pair in settings.items() for word in ("-S", "=".join(pair))]
        command = [sys.executable, "-m", "dvc", "exp", "run", "-n", experiment, *words]
        if subprocess.run(command, check=False).returncode:
            failed.append(experiment)
    if failed:
        print(f"failed: {', '.join(failed)}; the others are compared", flush=True)
    print("the workspace is that of the last experiment; `git restore . && dvc checkout` undo it")
    command = [sys.executable, "-m", "duchenne.cli.main", "compare", f"{name}-*"]
    return subprocess.run(command, check=False).returncode or int(bool(failed))


def main(words: Sequence[str]) -> int:
    if len(words) != 1:
        sys.stderr.write("ERROR name one file: SWEEP=docs/sweeps/fusions.yaml make sweep\n")
        return 2
    try:
        return run(Path(words[0]))
    except (ParamsError, OSError, yaml.YAMLError) as error:
        sys.stderr.write(f"ERROR {' '.join(str(error).split())}\n")
        return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
