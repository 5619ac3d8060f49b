"""Check params.yaml and engine.yaml before anything else runs, and settle what each stage gets.

data/params/<stage>.json has what a stage's own parameters come to, `auto` resolved, and is a
dependency of that stage. So a misspelt key stops `dvc repro` within seconds, and a change reruns
the stages whose parameters it changes, only these. Which parameters are a stage's own stands in
dvc.yaml, on which nothing can depend; where that list alone changes, the stage says what to do.
"""

from duchenne.config.resolved import names, settled
from duchenne.config.yaml import read_yaml
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.files import write_json

FIRST = ("code", "check")  # which look at no parameter of their own


def run(stage: Stage) -> None:
    folder, pipeline = stage.out("data/params"), read_yaml(stage.root / "dvc.yaml")["stages"]
    scripts = {script.stem for script in stage.dep("stages").glob("[!_.]*.py")}
    for name in sorted(scripts & pipeline.keys() - set(FIRST)):
        write_json(folder / f"{name}.json", settled(stage.params, names(pipeline[name])))


def main() -> int:
    return execute("check")  # loading the stage reads and checks both files


if __name__ == "__main__":
    raise SystemExit(main())
