"""Write down what code each stage runs, so that a change reruns the stages that run it, only these.

data/code/<stage>.json has the digest of every file that the stage's script imports, directly or
not, and is a dependency of that stage. Comments and layout do not count: explaining reruns nothing.
"""

import hashlib
from pathlib import Path

from duchenne.files import write_json
from duchenne.flow import closure, source
from duchenne.stage import Stage, execute


def run(stage: Stage) -> None:
    folder = stage.out("data/code")
    project = stage.dep("src").parent
    for script in sorted(stage.dep("stages").glob("[!_]*.py")):
        if script.stem != stage.name:
            write_json(folder / f"{script.stem}.json", digests(project, script.stem))


def digests(project: Path, stage: str) -> dict[str, str]:
    """The digest of each file that a stage runs."""
    return {
        path: hashlib.sha256(source.said(project / path).encode()).hexdigest()
        for path in closure.of_stage(project, stage)
    }


def main() -> int:
    return execute("code")


if __name__ == "__main__":
    raise SystemExit(main())
