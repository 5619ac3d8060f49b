"""Write the digests of the code of each stage, so that a change reruns only stages that use it.

data/code/<stage>.json has the digest of every file that the stage's script imports, directly or
not, and is a dependency of that stage. data/code/by_bytes.json spares the stages parsing.
"""

from duchenne.flow import source
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.files import write_json


def run(stage: Stage) -> None:
    folder = stage.out("data/code")
    project = stage.dep("src").parent
    paths: set[str] = set()
    for script in sorted(stage.dep("stages").glob("[!_.]*.py")):
        if script.stem != stage.name:
            digests = source.digests(project, script.stem)
            write_json(folder / f"{script.stem}.json", digests)
            paths |= digests.keys()
    write_json(folder / "by_bytes.json", source.by_bytes(project, paths))


def main() -> int:
    return execute("code")


if __name__ == "__main__":
    raise SystemExit(main())
