"""One clip on a sheet: frames with landmarks, smiles and blinks, and the signals over time.

The sheet is a Vega-Lite chart, some 1,600 px wide; `png` draws it without browser or network.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.face.topology import Points, with_points
from duchenne.media.jpeg import Pixels, encode

Spec = dict[str, Any]
Box = tuple[int, int, int, int]  # left, top, right, bottom px

PLOT = 1470  # px of the time axis
GAP = 10  # px between two frames
TALLEST = 420  # px of a frame

PHASES = {"rest": "#c9ccd1", "onset": "#f8bd84", "apex": "#f4dd6b", "offset": "#a9cbea"}
SIGNALS = {"lip": "#a3123f", "eyelid": "#1f5fa8", "cheek": "#1d7a46"}
UNITS = {"lip": "mouth widths", "eyelid": "eye widths", "cheek": "cheek distances"}
_OUTLINES = ("eye", "lips", "face")  # of topology's outlines, by the end of the name
_LINE = (250, 240, 190)  # BGR


class Span(NamedTuple):
    """A phase, by its name in PHASES, or a smile, by the words on it; from `start` to `end` in s.
    D-Markers are of the `chosen` smile."""

    name: str
    start: float
    end: float
    chosen: bool = True


class Blink(NamedTuple):
    start: float  # s
    shut: float
    end: float


class Moment(NamedTuple):
    """A frame of the clip, with its landmarks (N, 3) in px of `pixels`, or None if not known."""

    name: str  # of PHASES
    time: float  # s
    pixels: Pixels
    points: Points | None = None


class Sheet(NamedTuple):
    """What is drawn of a clip of T frames; `signals` without a value in any frame are left out."""

    title: str
    remarks: Sequence[str]  # lines below the title
    times: npt.NDArray[np.float64]  # (T,) s
    signals: Mapping[str, npt.NDArray[np.float64]]  # (T,) each, by the names of SIGNALS
    phases: Sequence[Span] = ()
    smiles: Sequence[Span] = ()
    blinks: Sequence[Blink] = ()
    moments: Sequence[Moment] = ()


def png(spec: Spec) -> bytes:
    """Draw a chart."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(spec))


def chart(sheet: Sheet) -> Spec:
    """The Vega-Lite chart of a sheet."""
    span = [float(sheet.times[0]), max(float(sheet.times[-1]), float(sheet.times[0]) + 0.04)]
    known = [name for name in SIGNALS if np.isfinite(sheet.signals[name]).any()]
    views = [_strip(sheet.moments)] if sheet.moments else []
    views.append(_course(sheet, span))
    views += [_panel(name, sheet, span, last=name == known[-1]) for name in known]
    return {
        "background": "white",
        "padding": {"left": 12, "right": 24, "top": 16, "bottom": 12},
        "title": {"text": sheet.title, "subtitle": list(sheet.remarks)},
        "vconcat": views,
        "spacing": 14,
        "resolve": {"scale": {"color": "independent"}},
        "config": _CONFIG,
    }


_CONFIG: Spec = {
    "font": "Helvetica, Liberation Sans, Arial, sans-serif",
    "title": {"anchor": "start", "frame": "group", "fontSize": 26, "offset": 14,
              "subtitleFontSize": 16, "subtitleColor": "#333", "subtitleLineHeight": 22},
    "axis": {"labelFontSize": 14, "titleFontSize": 15, "titleFontWeight": "normal",
             "labelColor": "#333", "gridColor": "#e6e6e6", "tickColor": "#999",
             "domainColor": "#999", "titlePadding": 10},
    "legend": {"labelFontSize": 15, "symbolSize": 260, "columnPadding": 24},
    "view": {"stroke": "#c4c4c4"},
}  # fmt: skip


# ---- Frames --------------------------------------------------------------------------------------
def drawn(moments: Sequence[Moment]) -> list[Pixels]:
    """The frames cut to where the face is in any of them, at the sheet's size, with landmarks."""
    box = _box(moments)
    share = (PLOT - GAP * (len(PHASES) - 1)) / len(PHASES)
    scale = min(share / (box[2] - box[0]), TALLEST / (box[3] - box[1]))
    return [_draw(moment, box, scale) for moment in moments]


def _box(moments: Sequence[Moment]) -> Box:
    """The px of all faces with a margin; the whole frame if there are no landmarks in it."""
    height, width = moments[0].pixels.shape[:2]
    faces = [moment.points[:, :2] for moment in moments if moment.points is not None]
    if not faces:
        return 0, 0, width, height
    every = np.concatenate(faces)
    low, high = every.min(axis=0), every.max(axis=0)
    margin = 0.15 * float((high - low).max())
    left, top = np.maximum(low - margin, 0).astype(int).tolist()
    right, bottom = np.minimum(high + margin + 1, (width, height)).astype(int).tolist()
    return (left, top, right, bottom) if left < right and top < bottom else (0, 0, width, height)


def _draw(moment: Moment, box: Box, scale: float) -> Pixels:
    import cv2

    left, top, right, bottom = box
    cut = moment.pixels[top:bottom, left:right]
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8)
    if moment.points is None:
        return picture
    # In OpenCV pixels have their centres at whole numbers; positions are in sixteenths of a pixel.
    at = np.round(((moment.points[:, :2] - (left, top)) * scale - 0.5) * 16).astype(np.int32)
    topology, lined = with_points(len(at)), picture.copy()
    for outline in topology.outlines:
        if outline.name.endswith(_OUTLINES):
            cv2.polylines(lined, [at[list(outline.path)]], False, _LINE, 1, cv2.LINE_AA, 4)
    picture = np.asarray(cv2.addWeighted(lined, 0.75, picture, 0.25, 0), np.uint8)
    measured = zip(
        SIGNALS, (topology.lip_corners, topology.upper_lids, topology.cheeks), strict=True
    )
    for name, sides in measured:
        colour = tuple(reversed(bytes.fromhex(SIGNALS[name][1:])))  # BGR
        for x, y in at[[*sides.right, *sides.left]].tolist() if sides else ():
            cv2.circle(picture, (x, y), 4 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4)
            cv2.circle(picture, (x, y), 3 * 16, colour, -1, cv2.LINE_AA, 4)
    return picture


def _strip(moments: Sequence[Moment]) -> Spec:
    """Each phase has its place; that of a phase without a frame says so."""
    pictures = drawn(moments)
    height, width = pictures[0].shape[:2]
    times, step = {moment.name: moment.time for moment in moments}, (PLOT + GAP) / len(PHASES)
    places = {name: {"x": step * number, "name": name} for number, name in enumerate(PHASES)}
    captions = [{**places[name], "words": _caption(name, times.get(name))} for name in PHASES]
    pairs = zip(moments, pictures, strict=True)
    frames = [{**places[moment.name], "url": _url(picture)} for moment, picture in pairs]
    corner = {"align": "left", "baseline": "top"}
    box: Spec = {**corner, "width": width, "height": height}
    x, y = {"field": "x", "type": "quantitative", "scale": None, "axis": None}, {"value": 30}
    square, words = {"type": "rect", **corner, "width": 16, "height": 16}, {"value": 4}
    layers = [
        _layer(captions, square, x=x, y=words, color=_phase_colour(legend=False)),
        _layer(captions, {"type": "text", **corner, "dx": 23, "fontSize": 17}, x=x, y=words,
               text={"field": "words"}),
        _layer(captions, {"type": "rect", **box, "color": "#f2f2f2"}, x=x, y=y),
        _layer(frames, {"type": "image", **box}, x=x, y=y, url={"field": "url", "type": "nominal"}),
    ]  # fmt: skip
    return {"width": PLOT, "height": height + 30, "view": {"stroke": None}, "layer": layers}


def _caption(name: str, time: float | None) -> str:
    return f"{name}: not found" if time is None else f"{name}, {time:.2f} s"


def _url(picture: Pixels) -> str:
    return f"data:image/jpeg;base64,{b64encode(encode(picture, quality=92)).decode()}"


# ---- Smiles, blinks and signals ------------------------------------------------------------------
def _course(sheet: Sheet, span: Sequence[float]) -> Spec:
    """The phases, smiles and blinks in three rows; wide smiles have their words."""
    second = PLOT / (span[1] - span[0])
    phases = [{**phase._asdict(), "row": "phases"} for phase in sheet.phases]
    smiles = [{**smile._asdict(), "row": "smiles"} for smile in sheet.smiles]
    blinks = [{**blink._asdict(), "row": "blinks"} for blink in sheet.blinks]
    wide = [s for s in smiles if (s["end"] - s["start"]) * second > 9 * len(s["name"]) + 12]
    scale = {"domain": ["phases", "smiles", "blinks"]}
    axis = {"title": None, "ticks": False, "labelPadding": 8}
    y = {"field": "row", "type": "nominal", "scale": scale, "axis": axis}
    x = _time(span, labels=False)
    long, bar = {"x": x, "x2": {"field": "end"}, "y": y}, {"type": "bar", "height": 18}
    text = {"type": "text", "align": "left", "dx": 6, "color": "white", "fontSize": 13}
    strong = {"condition": {"test": "datum.chosen", "value": 1.0}, "value": 0.45}
    layers = [
        _layer(phases, bar, **long, color=_phase_colour(legend=True)),
        _layer(smiles, {**bar, "color": "#5a4a86", "cornerRadius": 4}, **long, opacity=strong),
        _layer(wide, text, x=x, y=y, text={"field": "name"}),
        _layer(blinks, {**bar, "color": "#c9c9c9"}, **long),
        _layer(blinks, {"type": "tick", "size": 18, "thickness": 2.5, "color": "#222"},
               x={**x, "field": "shut"}, y=y),
    ]  # fmt: skip
    return {"width": PLOT, "height": 84, "layer": layers}


def _panel(name: str, sheet: Sheet, span: Sequence[float], *, last: bool) -> Spec:
    """A signal over time above its phases, with a dashed line at each frame that is shown."""
    pairs = zip(sheet.times.tolist(), sheet.signals[name].tolist(), strict=True)
    points = [{"time": time, "value": value if isfinite(value) else None} for time, value in pairs]
    phases = [phase._asdict() for phase in sheet.phases]
    moments = [{"time": moment.time} for moment in sheet.moments]
    x = _time(span, labels=last)
    at, title = {**x, "field": "time"}, [name, f"({UNITS[name]})"]
    axis = {"title": title, "titleColor": SIGNALS[name], "tickCount": 4}
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False}, "axis": axis}
    shade = {"type": "rect", "opacity": 0.45}
    dashes = {"type": "rule", "strokeDash": [5, 4], "color": "#666"}
    line = {"type": "line", "color": SIGNALS[name], "strokeWidth": 2.5}
    layers = [
        _layer(phases, shade, x=x, x2={"field": "end"}, color=_phase_colour(legend=False)),
        _layer(moments, dashes, x=at),
        _layer(points, line, x=at, y=y),
    ]
    return {"width": PLOT, "height": 150, "layer": layers}


def _layer(rows: Sequence[Spec], mark: Spec, **encoding: Spec) -> Spec:
    return {"data": {"values": list(rows)}, "mark": mark, "encoding": encoding}


def _time(span: Sequence[float], *, labels: bool) -> Spec:
    title = "time (s)" if labels else None
    axis = {"title": title, "labels": labels, "ticks": labels, "tickCount": 12}
    scale = {"domain": list(span), "nice": False, "clamp": True}
    return {"field": "start", "type": "quantitative", "scale": scale, "axis": axis}


def _phase_colour(*, legend: bool) -> Spec:
    scale = {"domain": list(PHASES), "range": list(PHASES.values())}
    shown = {"orient": "top", "title": None, "symbolType": "square"} if legend else None
    return {"field": "name", "type": "nominal", "scale": scale, "legend": shown}
