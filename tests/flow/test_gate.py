"""What the gate shows before it decides."""

from typing import Literal

import pytest

from duchenne.flow import gate
from duchenne.flow.unit import StatusRow


def row(unit: str, status: Literal["ok", "partial", "failed"], reason: str) -> StatusRow:
    return StatusRow(unit, status, reason, "in words", "trial")


def shown(rows: list[StatusRow], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of the table between its heading and its end."""
    gate.judge(rows, stage="trial", max_failed=1.0)
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith("│")]


def test_failures_come_first_and_what_many_sound_units_share_is_one_line(
    capsys: pytest.CaptureFixture[str],
):
    sound = [row(f"s{n}", "ok", "not_applicable") for n in range(1200)]
    flawed = [row("b", "partial", "truncated"), row("c", "failed", "no_face")]
    lines = shown([*sound, *flawed, row("d", "ok", "repaired"), row("e", "ok", "")], capsys)
    assert [line.split()[1] for line in lines] == ["c", "b", "1,200", "1"]
    assert "not_applicable" in lines[2]


def test_of_many_failures_twenty_are_named(capsys: pytest.CaptureFixture[str]):
    flawed = [row(f"f{n:02d}", "failed", "no_face") for n in range(25)]
    gate.judge(flawed, stage="trial", max_failed=1.0)
    said = capsys.readouterr().err
    assert "f19" in said and "f20" not in said
    assert "and 5 more in data/status/trial.parquet" in " ".join(said.split())


def test_a_detail_that_looks_like_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]):
    """It may quote a file, and a tag that closes nothing would end the stage."""
    rows = [
        StatusRow("a", "failed", "broken", "[/b] [red]", "trial"),
        StatusRow("b", "ok", "odd", "[/x]", "t"),
    ]
    failed, fine = shown(rows, capsys)
    assert "[/b] [red]" in failed
    assert "[/x]" in fine
