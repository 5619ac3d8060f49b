"""HTML of a page that opens without a network: escaped text, tables, charts as SVG.

Whatever a data set brings (names of clips, groups, columns) passes through `text`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d0d7de; --soft: #57606a;
        --mark: #9a2b00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --line: #30363d; --soft: #9da7b1; --mark: #ffa657; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--ink); background: var(--paper);
       font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
.verdict { font-size: 1.15rem; } .mark { color: var(--mark); font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .7rem .2rem 0; text-align: left;
         vertical-align: top; font-variant-numeric: tabular-nums; }
th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 2px solid var(--ink); }
caption, .soft { color: var(--soft); text-align: left; }
figure { margin: 1rem 0; overflow-x: auto; } figure > div { background: #fff; padding: .5rem;
         display: inline-block; } figure svg { max-width: 100%; height: auto; }
pre { white-space: pre-wrap; border: 1px solid var(--line); padding: .7rem; }
@media print { body { max-width: none; } h2 { break-after: avoid; }
               figure { break-inside: avoid; } }
"""
# Tables marked `sortable` are sorted by the button in the head of a column.
_SCRIPT = """
document.querySelectorAll('table.sortable').forEach(function (table) {
  table.querySelectorAll('th').forEach(function (head, place) {
    var button = document.createElement('button');
    button.type = 'button'; button.textContent = head.textContent; head.textContent = '';
    head.appendChild(button);
    button.addEventListener('click', function () {
      var up = head.getAttribute('aria-sort') !== 'ascending', body = table.tBodies[0];
      table.querySelectorAll('th').forEach(function (th) { th.removeAttribute('aria-sort'); });
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      Array.from(body.rows).sort(function (a, b) {
        var x = a.cells[place].textContent, y = b.cells[place].textContent;
        var numbers = parseFloat(x) - parseFloat(y);
        return (isNaN(numbers) ? x.localeCompare(y) : numbers) * (up ? 1 : -1);
      }).forEach(function (row) { body.appendChild(row); });
    });
  });
});
"""


def text(value: object) -> str:
    """Any value as text in HTML."""
    if isinstance(value, float):
        return f"{value:.3f}"
    return escape(str(value), quote=True)


def document(title: str, sections: Iterable[str]) -> str:
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>{text(title)}</h1>\n"
        + "\n".join(sections)
        + f"</main><script>{_SCRIPT}</script></body></html>\n"
    )


def section(title: str, *parts: str) -> str:
    return f"<section><h2>{text(title)}</h2>{''.join(parts)}</section>"


def paragraph(words: str, *, kind: str = "") -> str:
    css = f' class="{kind}"' if kind else ""
    return f"<p{css}>{text(words)}</p>"


def table(
    heads: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str, sortable: bool = False
) -> str:
    css = ' class="sortable"' if sortable else ""
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{text(c)}</td>' for c in row)}</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}"><table{css}>'
        f"<caption>{text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        "</table></div>"
    )


def chart(spec: Mapping[str, Any], *, says: str) -> str:
    """A Vega-Lite chart as SVG; `says` is for those who cannot see it, and its caption."""
    import vl_convert

    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", **spec}
    svg = vl_convert.vegalite_to_svg(json.loads(json.dumps(whole)), allowed_base_urls=[])
    svg = re.sub(r"<svg ", f'<svg role="img" aria-label="{text(says)}" ', svg, count=1)
    return f"<figure><div>{svg}</div><figcaption>{text(says)}</figcaption></figure>"


def preformatted(words: str) -> str:
    return f"<pre>{text(words)}</pre>"
