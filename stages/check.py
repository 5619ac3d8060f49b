"""Check params.yaml and engine.yaml before anything else runs.

Every other stage depends on this one's output, whose bytes never change: so a misspelt key stops
`dvc repro` within seconds, and mending it makes nothing rerun.
"""

from duchenne.files import write_bytes
from duchenne.stage import Stage, execute


def run(stage: Stage) -> None:
    write_bytes(stage.out("data/params.ok"), b"params.yaml is well-formed\n")


def main() -> int:
    return execute("check")  # loading the stage reads and checks both files


if __name__ == "__main__":
    raise SystemExit(main())
