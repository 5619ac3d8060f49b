"""The `duchenne` command: what `dvc` does not do.

Heavy packages are imported within the commands, so that `doctor` runs even if one is missing.
"""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Column, Table

from duchenne.errors import DatasetError, DuchenneError, listed
from duchenne.flow import cache as units
from duchenne.flow import process
from duchenne.flow.settings import Settings, cache_folder, load
from duchenne.pipeline import dvc

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What `dvc` does not do.")
cache_app = typer.Typer(no_args_is_help=True, help="The finished units kept outside the workspace.")
app.add_typer(cache_app, name="cache")
forget_app = typer.Typer(no_args_is_help=True, help="Delete what shows people's faces.")
app.add_typer(forget_app, name="forget")

_Keys = Annotated[
    str | None, typer.Option(help="folder of the cluster's keys; `tls` of engine.yaml if not given")
]


@app.command()
def status() -> None:
    """What became of the clips in each stage, and what the data set consists of."""
    from duchenne.cli import status

    status.show(Path.cwd(), Console())


@app.command()
def show(
    clip: Annotated[str, typer.Argument(help="the clip, as data/clips.parquet names it")],
    out: Annotated[
        Path | None, typer.Option(help="the PNG to write; one in data/reports/show if not given")
    ] = None,
) -> None:
    """Draw a clip: frames at rest, onset, apex and offset with landmarks, and the signals."""
    from duchenne.cli import show

    typer.echo(show.show(dvc.here(), clip, out))


@app.command()
def compare(  # noqa: PLR0917 - options by name
    runs: Annotated[
        list[str],
        typer.Argument(help="experiments, branches, tags, commits, patterns (sweep-*), workspace"),
    ],
    against: Annotated[
        str | None, typer.Option(help="the reference; the first of the runs if not given")
    ] = None,
    common: Annotated[
        bool, typer.Option("--common", help="compare on the clips that all runs have")
    ] = False,
    by: Annotated[str | None, typer.Option(help="within each group, such as gender")] = None,
    csv: Annotated[Path | None, typer.Option(help="write every figure")] = None,
    markdown: Annotated[Path | None, typer.Option(help="write a paper's table")] = None,
    latex: Annotated[Path | None, typer.Option(help="the same for LaTeX")] = None,
    plot: Annotated[Path | None, typer.Option(help="draw the differences: .svg or .png")] = None,
) -> None:
    """Say whether runs differ from a reference, by tests that take subjects as the unit."""
    from duchenne.cli import compare
    from duchenne.cli.compare import tables

    if plot and plot.suffix not in (".svg", ".png"):
        _mistake(f"--plot: {plot} should end in .svg or .png")
    try:
        found = compare.against(dvc.here(), runs, reference=against, common=common, by=by)
    except DuchenneError as error:
        _mistake(str(error))
    for table in tables.tables(found):
        Console().print(table)
    for remark in found.remarks:
        typer.echo(remark)
    tables.write(found, csv=csv, markdown=markdown, latex=latex, plot=plot)


@app.command()
def history(
    dataset: Annotated[str | None, typer.Option(help="of this data set alone")] = None,
    model: Annotated[str | None, typer.Option(help="of this model alone")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="from this day on")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="print CSV with all figures")] = False,
) -> None:
    """List all runs that the repository knows: experiments, branches and tags with figures."""
    from duchenne.cli import history

    day = since.replace(tzinfo=UTC) if since else None
    rows = history.runs(dvc.here(), dataset=dataset, model=model, since=day)
    if csv:
        typer.echo(history.as_csv(rows), nl=False)
    else:
        Console().print(history.table(rows))


@app.command()
def measure(
    paths: Annotated[
        list[str], typer.Argument(help="videos, folders, patterns, folders of numbered pictures")
    ],
    out: Annotated[Path, typer.Option(help="the folder for the tables")],
    fps: Annotated[
        float | None, typer.Option(min=0.1, help="pictures a second, for folders of pictures")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="write signals as CSV, too")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="processes; as engine.yaml says if not given")
    ] = None,
) -> None:
    """Measure smiles, blinks and Duchenne Markers of videos; no labels, no DVC.

    Exit code 0: all clips were measured; 1: some were not, and are rows with a reason.
    """
    from duchenne.cli import measure

    try:
        clips = measure.clips_of(paths)
        measure.check_out(out, list(clips.values()))
        settings = _engine()
    except DuchenneError as error:
        _mistake(str(error))
    if workers:
        settings = settings.model_copy(update={"workers": workers})
    rows = measure.measure(clips, out, settings, fps=fps, csv=csv)
    failed = [row for row in rows if row.status == "failed"]
    typer.echo(f"{len(rows) - len(failed)} of {len(rows)} clips measured; see {out}/clips.csv")
    raise typer.Exit(code=1 if failed else 0)


@app.command()
def predict(
    paths: Annotated[
        list[str], typer.Argument(help="videos, folders, patterns, folders of numbered pictures")
    ],
    model: Annotated[Path, typer.Option(help="a run's folder of models, or a bundle")] = Path(
        "models/folds"
    ),
    sha256: Annotated[str | None, typer.Option(help="the digest that a bundle must have")] = None,
    json: Annotated[Path | None, typer.Option(help="write the predictions as JSON")] = None,
    fps: Annotated[
        float | None, typer.Option(min=0.1, help="pictures a second, for folders of pictures")
    ] = None,
) -> None:
    """Say how like the spontaneous smiles of a trained model's set the smiles of videos are.

    It measures smiles, and cannot tell whether anybody is honest. Exit code 0: all clips were
    measured; 1: some were not.
    """
    from duchenne.cli import predict

    try:
        found = predict.predict(paths, model, _engine(), fps=fps, sha256=sha256)
    except DuchenneError as error:
        _mistake(str(error))
    Console().print(predict.table(found))
    if json:
        predict.write(json, found)
    raise typer.Exit(code=1 if found.failed else 0)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="the folder of the bundle; it must be new")],
) -> None:
    """Write the trained models and a card into a folder of their own, without names of people."""
    from duchenne import bundle
    from duchenne.report.card import card
    from duchenne.report.files import Files

    root = dvc.here()
    files = Files(root)
    try:
        pin = bundle.write(root / "models/folds", out, card=card(files), run=files.scores["run"])
    except DuchenneError as error:
        _mistake(str(error))
    typer.echo(f"{out}: duchenne predict --model {out} --sha256 {pin}")


@app.command()
def report(
    out: Annotated[
        Path | None, typer.Option(help="the file; metrics/report.html if not given")
    ] = None,
) -> None:
    """Write a page about the run: data, smiles, figures and doubts. It shows no faces."""
    from duchenne.cli import report

    typer.echo(report.write(dvc.here(), out))


def _mistake(says: str) -> NoReturn:
    """A mistake of the user: one line, and exit code 2."""
    sys.stderr.write(f"ERROR {says}\n")
    raise typer.Exit(code=2)


@app.command()
def doctor(
    dataset: Annotated[
        str | None, typer.Option(help="the data set to look at; that of params.yaml if not given")
    ] = None,
) -> None:
    """Find what would stop DVC or a stage, and say how to mend it."""
    from duchenne.cli import doctor as checkup

    found = checkup.examine(Path.cwd(), dataset)
    checkup.show(found, Console())
    raise typer.Exit(code=1 if checkup.blocks(found) else 0)


@app.command()
def import_dmarkers(
    file: Annotated[Path, typer.Argument(help="CSV: clip, subject, label, feature columns")],
    name: Annotated[str, typer.Option(help="what the data set is to be called")],
    positive: Annotated[
        Literal["posed", "spontaneous"] | None,
        typer.Option(help="the class that the label 1 stands for, if labels are 0 and 1"),
    ] = None,
    keep_features: Annotated[
        bool, typer.Option("--keep-features", help="keep features of other names, for svm, trees")
    ] = False,
) -> None:
    """Make a data set of D-Markers that were computed elsewhere."""
    from duchenne.cli import import_dmarkers

    if not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", name) or name.startswith("."):
        raise DatasetError(f"'{name}' is no name for a data set; use letters, digits, - and _")
    folder = Path("data/raw") / name
    done = import_dmarkers.import_dmarkers(
        file, folder, positive=positive, keep_features=keep_features
    )
    others = f" and {len(done.others)} of other names" if done.others else ""
    classes = ", ".join(f"{count:,} {label}" for label, count in done.classes.items())
    groups = f"\ngroups of people by: {', '.join(done.groups)}" if done.groups else ""
    typer.echo(
        f"{done.clips:,} clips ({classes}) with {done.features} of 225 features{others} are in "
        f"{folder}.{groups}\nNow name the set in params.yaml under `datasets:`, choose it with "
        f"`dataset: {name}` and\n`model: svm` or `model: trees`, and track it:\n"
        f"  {name}:\n    adapter: folder\n"
        f"  dvc add {folder}"
    )


@app.command()
def models() -> None:
    """List every model and fusion: its size, and what it needs to train and to predict."""
    from duchenne.nets import catalogue

    table = Table(
        Column("model", no_wrap=True),
        Column("parameters", justify="right", no_wrap=True),
        "needs", "paper", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for entry in catalogue.rows():
        name, needs = f"{entry.model} {entry.variant}".rstrip(), entry.inference
        if entry.training != entry.inference:
            needs = f"{needs}; to be trained: {entry.training}"
        table.add_row(name, catalogue.count(entry.parameters), needs, entry.paper)
    Console().print(table)


@cache_app.command()
def info() -> None:
    """Show what the unit cache holds, stage by stage."""
    stages = units.usage(units.UnitCache(cache_folder()))
    table = Table("stage", "units", "size", title=f"{cache_folder()}", title_justify="left")
    for stage in stages:
        table.add_row(stage.stage, f"{stage.units:,}", decimal(stage.bytes))
    table.add_row("all", f"{sum(s.units for s in stages):,}", decimal(sum(s.bytes for s in stages)))
    Console().print(table)


@cache_app.command()
def prune(
    unused_days: Annotated[float, typer.Option(min=0, help="keep what was used since then")] = 30,
) -> None:
    """Remove units that were not used for a while; they are computed again when needed."""
    count, freed = units.prune(units.UnitCache(cache_folder()), unused_days=unused_days)
    typer.echo(f"removed {count:,} units, {decimal(freed)}")


@forget_app.command()
def frames(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="tell what would go, and delete nothing")
    ] = False,
) -> None:
    """Delete every picture that was cut out of the videos.

    They go from the workspace (data/reports/show too), from DVC's cache and from the unit cache,
    for all commits, branches and experiments (of a cache that is shared: for everybody). What a
    data set of its own names stays, and so do the videos in data/raw, files in data/frames and
    data/crops that no stage has made, what `duchenne show` wrote elsewhere, and whatever was pushed
    to a remote. Folders that are links are refused.

    Landmarks, models and figures are kept: go on with `dvc repro --allow-missing` and `dvc exp run
    --allow-missing`. `dvc status` then calls data/frames deleted, which is what was wanted. Without
    that option, or after a change of decode, model or window.fps, dvc decodes the videos again.
    """
    from duchenne.cli import forget

    root, cache = dvc.here(), units.UnitCache(cache_folder())
    with process.hold(root / ".dvc" / "tmp" / "duchenne.lock", name="forget"):
        cache.sweep()
        places = forget.found(root, cache)
        total = forget.freed(places)
        table = Table("place", "files", "size")
        for pictures in places:
            table.add_row(pictures.place, f"{len(pictures.files):,}", decimal(pictures.bytes))
        if not dry_run:
            forget.delete(places)
    Console().print(table)
    if left := [str(file.relative_to(root)) for place in places for file in place.left]:
        typer.echo(f"left alone, no tables of pictures: {listed(left)}; look at them yourself")
    typer.echo(f"{'would free' if dry_run else 'freed'} {decimal(total)} of disk")


@app.command()
def scheduler(
    host: Annotated[
        str | None, typer.Option(help="the address to listen at; all of the machine if not given")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="the port; 0 takes a free one")
    ] = 8786,
    keys: _Keys = None,
) -> None:
    """Run the scheduler of a cluster until Ctrl-C; docs/scale.md says how to use one."""
    from duchenne.flow import serve, tls

    serve.scheduler(tls.folder_of(keys or _engine().tls), host=host, port=port)


@app.command()
def worker(
    address: Annotated[str, typer.Argument(help="tls://…, as the scheduler has printed it")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="processes; one a core if not given")
    ] = None,
    keys: _Keys = None,
) -> None:
    """Run workers of a cluster until Ctrl-C, or until their scheduler ends."""
    from duchenne.flow import serve, tls

    found = _engine()
    serve.workers(address, tls.folder_of(keys or found.tls), count=workers, patience=found.wait)


def _engine() -> Settings:
    """The settings in engine.yaml of the current folder, or the defaults without that file."""
    return load(Path("engine.yaml"))


def main() -> None:
    """Run the command; an error of ours is one line on stderr and exit code 1."""
    try:
        app()
    except DuchenneError as error:
        sys.stderr.write(f"ERROR {error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
