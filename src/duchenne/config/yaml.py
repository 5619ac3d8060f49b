"""Read YAML files of settings, and explain validation errors in sentences."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from duchenne.errors import ParamsError, suggest

# The loader in C: every stage reads three files, which takes the one in Python 0.14 s.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_LARGEST = 1_000_000  # bytes; params.yaml and dvc.lock have 20,000
_DEEPEST = 50  # levels of nesting; params.yaml has six, and about 50,000 crash the process


class Section(BaseModel):
    """Base of all sections: frozen, strict, without unknown keys, infinities or NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read the mapping in a YAML file; any other content is a ParamsError of one line."""
    try:
        text = _text(path)
        _check_plain(text, name=path.name)
        values = yaml.load(text, Loader=_LOADER)  # noqa: S506
    except FileNotFoundError:
        raise ParamsError(f"{path.name} is missing in {path.parent.resolve()}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: invalid UTF-8, dates or numbers
        place = " ".join(str(error).split())
        raise ParamsError(f"{path.name} is not valid YAML: {place}") from None
    if not isinstance(values, dict):
        raise ParamsError(f"{path.name} must hold `key: value` lines")
    return values


def _text(path: Path) -> str:
    """The text of a file of at most _LARGEST bytes."""
    if (size := path.stat().st_size) > _LARGEST:
        raise ParamsError(
            f"{path.name} has {size:,} bytes, and at most {_LARGEST:,} are read; keep settings "
            "alone in it"
        )
    return path.read_text(encoding="utf-8")


def _check_plain(text: str, *, name: str) -> None:
    """Refuse what lets a few lines stand for billions of values, before any is made: aliases of
    aliases. Without anchors and tags, too, each value is what stands there."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.NodeEvent) and (event.anchor or getattr(event, "tag", None)):
            raise ParamsError(
                f"{name}{_line(event)}: anchors, aliases and tags (&, *, !) are not read here, and "
                "DVC may never get past them; write the value itself, between quotes if it begins "
                "with such a sign"
            )
        if depth > _DEEPEST:
            raise ParamsError(f"{name}{_line(event)}: more than {_DEEPEST} levels; nest it less")


def _line(event: yaml.Event) -> str:
    return f", line {event.start_mark.line + 1}" if event.start_mark else ""


def explain_all(model: type[BaseModel], error: ValidationError) -> str:
    """One line for each problem; unknown keys first, since they may explain missing ones."""
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    return "\n".join(explain(model, problem) for problem in problems)


def explain(model: type[BaseModel], problem: ErrorDetails) -> str:
    """A validation problem as a sentence, with a suggestion for a wrong name."""
    steps = [str(step) for step in problem["loc"]]
    place, known = _walk(model, steps)
    where, given = ".".join(place), problem["input"]
    match problem["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key; {suggest(steps[-1], known)}"
        case "literal_error":
            return f"{where}: '{given}' is not allowed; {suggest(str(given), _quoted(problem))}"
        case "union_tag_invalid":
            tag = str(problem["ctx"]["tag"])
            return f"{where}.adapter: '{tag}' is not an adapter; {suggest(tag, _quoted(problem))}"
        case "missing":
            return f"{where}: missing; the file in the repository shows what it looks like"
        case _:
            says = problem["msg"].removeprefix("Value error, ").replace("Input", "it")
            says += "" if isinstance(given, dict) else f", not {given!r}"
            return f"{where}: {says}" if where else says


def _walk(model: type[BaseModel], steps: Sequence[str]) -> tuple[list[str], set[str]]:
    """Keys from the top of the file to a problem, and the keys allowed at that place."""
    sections, place, named = [model], [], True
    for step in steps[:-1]:
        tagged = [section for section in sections if step in _choices(section, "adapter")]
        inner = [below for section in sections for below in _sections(section, step)]
        if inner or not named or not tagged:
            place.append(step)
        else:
            inner = tagged  # pydantic adds the tag of a union to the steps
        named = not (inner and len(inner) > 1)  # the key after `datasets` is any name
        sections = inner or sections
    return [*place, *steps[-1:]], {key for section in sections for key in section.model_fields}


def _sections(section: type[BaseModel], key: str) -> list[type[BaseModel]]:
    """The sections in the annotation of a key, also inside of Mapping and unions."""
    field = section.model_fields.get(key)
    waiting, found = [field.annotation if field else None], []
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found.append(kind)
        waiting.extend(get_args(kind))
    return found


def _choices(section: type[BaseModel], key: str) -> tuple[str, ...]:
    """The allowed values of a key that is a Literal."""
    field = section.model_fields.get(key)
    return get_args(field.annotation) if field else ()


def _quoted(problem: ErrorDetails) -> list[str]:
    """The allowed words in a message of pydantic, where they are in quotes."""
    context = problem["ctx"]
    return re.findall(r"'([^']*)'", context.get("expected") or context["expected_tags"])
