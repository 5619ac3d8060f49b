"""Check params.yaml and engine.yaml first of all, and write the parameters of each stage.

data/params/<stage>.json has the values of a stage's own parameters, with `auto` resolved, and is a
dependency of that stage. So a misspelt key stops `dvc repro` within seconds, and a change reruns
only the stages whose parameters it changes. dvc.yaml lists the parameters of a stage, and no stage
can depend on dvc.yaml; if the list changes, the stage stops and says what to do.
data/params/published.json has the chosen model's settings beside the published ones.
"""

from duchenne.config.resolved import beside_published, names, settled
from duchenne.config.yaml import read_yaml
from duchenne.pipeline.stage import Stage, execute
from duchenne.tables.files import write_json

FIRST = ("code", "check")  # they have no parameters of their own


def run(stage: Stage) -> None:
    folder, pipeline = stage.out("data/params"), read_yaml(stage.root / "dvc.yaml")["stages"]
    scripts = {script.stem for script in stage.dep("stages").glob("[!_.]*.py")}
    for name in sorted(scripts & pipeline.keys() - set(FIRST)):
        write_json(folder / f"{name}.json", settled(stage.params, names(pipeline[name])))
    write_json(folder / "published.json", beside_published(stage.params))


def main() -> int:
    return execute("check")  # loading the stage reads and checks both files


if __name__ == "__main__":
    raise SystemExit(main())
