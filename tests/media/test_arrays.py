"""Landmark arrays: whatever lies in the file, either its numbers come out or a verdict on it."""

import random
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from duchenne.errors import Unusable
from duchenne.media.arrays import read_array

SHAPE = (4, 68, 3)
NUMBERS = np.random.default_rng(0).uniform(40.0, 400.0, SHAPE)


def saved(array: Any, version: tuple[int, int] | None = None) -> bytes:
    file = BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), version)
    return file.getvalue()


def with_header(text: str) -> bytes:
    """As many numbers as SHAPE has floats, behind a header of one's own."""
    header = text.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(4 * 816)


def saying(*, descr: str = "'<f4'", order: str = "False", shape: str = "(4, 68, 3)") -> bytes:
    return with_header(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")


def read(path: Path, content: bytes) -> Any:
    path.write_bytes(content)
    return read_array(path, units="pixels", size=(640, 480))


SOUND = saved(NUMBERS)
SPLIT = SOUND.index(b"\n") + 1  # where the numbers begin


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("kind", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_floats_of_every_kind_are_read(tmp_path: Path, version: Any, kind: str, order: Any):
    array = np.asarray(NUMBERS.astype(kind), order=order)
    found = read(tmp_path / "a.npy", saved(array, version))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, array.astype(np.float32))


@pytest.mark.parametrize(
    ("units", "by", "reason"),
    [
        ("pixels", 1.0, None),
        ("pixels", 1 / 640, "wrong_units"),
        ("pixels", 5.0, "wrong_size"),
        ("fraction", 1 / 640, None),
        ("fraction", 1 / 300, None),  # half of the face below the picture
        ("fraction", 1.0, "wrong_units"),
    ],
)
def test_values_tell_their_unit(tmp_path: Path, units: Any, by: float, reason: str | None):
    path = tmp_path / "a.npy"
    path.write_bytes(saved(NUMBERS * by))
    if reason is None:
        assert np.isfinite(read_array(path, units=units, size=(640, 480))).all()
        return
    with pytest.raises(Unusable) as raised:
        read_array(path, units=units, size=(640, 480))
    assert raised.value.reason == reason


def test_frames_of_zeros_and_of_what_is_no_float32_show_no_face(tmp_path: Path):
    array = NUMBERS.copy()
    array[0], array[1, 5, 2], array[2, 0, 0] = 0.0, np.inf, 1e300
    found = read(tmp_path / "a.npy", saved(array))
    assert np.isnan(found[:3]).all()
    np.testing.assert_array_equal(found[3], array[3].astype(np.float32))


BROKEN: dict[str, tuple[bytes, str]] = {
    "no numbers": (SOUND[:SPLIT], "truncated"),
    "one byte short": (SOUND[:-1], "truncated"),
    "ends in its header": (SOUND[:40], "truncated"),
    "ends in its magic": (SOUND[:4], "not_an_array"),
    "one byte more": (SOUND + b"\0", "not_an_array"),
    "version 4": (SOUND[:6] + b"\4\0" + SOUND[8:], "not_an_array"),
    "a header of 65,535 bytes": (SOUND[:8] + b"\xff\xff" + bytes(70_000), "not_an_array"),
    "text": (b"frame,x,y\n" * 50, "not_an_array"),
    "an archive": (b"PK\x03\x04" + bytes(100), "not_an_array"),
    "a pickle": (b"\x80\x04]\x94.", "not_an_array"),
    "an open bracket": (with_header("{'descr': ("), "not_an_array"),
    "another type": (with_header("('<f4', False, (4, 68, 3))"), "not_an_array"),
    "a key too many": (with_header("{'descr': 1, 'fortran_order': 1, 'shape': 1, 'a': 1}"),
                       "not_an_array"),
    "a key that is a list": (with_header("{[]: 1}"), "not_an_array"),
    "deep brackets": (with_header("[" * 9_000), "not_an_array"),
    "deep signs": (with_header("-" * 9_000 + "1"), "not_an_array"),
    "a long sum": (with_header("1+" * 4_500 + "1"), "not_an_array"),
    "a null byte": (with_header("{\0}"), "not_an_array"),
    "a call": (with_header("__import__('os').getcwd()"), "not_an_array"),
    "objects": (saved(np.array([None] * 3)), "not_landmarks"),
    "structured": (saved(np.zeros(4, [("a", "<f4")])), "not_landmarks"),
    "whole numbers": (saved(np.ones(SHAPE, np.int32)), "not_landmarks"),
    "long doubles": (saved(np.ones(SHAPE, np.longdouble)), "not_landmarks"),
    "complex": (saved(np.ones(SHAPE, np.complex64)), "not_landmarks"),
    "a table": (saved(np.ones((4, 4))), "not_landmarks"),
    "no frames": (saved(np.ones((0, 68, 3))), "not_landmarks"),
    "too many frames": (saying(shape="(200001, 68, 3)"), "not_landmarks"),
    "a negative length": (saying(shape="(-4, 68, 3)"), "not_landmarks"),
    "a length that is a truth": (saying(shape="(True, 68, 3)"), "not_landmarks"),
    "a length that is a float": (saying(shape="(4, 68, 3.0)"), "not_landmarks"),
    "a length of 9,000 digits": (saying(shape=f"(0x{'f' * 9_000}, 68, 3)"), "not_landmarks"),
    "a list of lengths": (saying(shape="[4, 68, 3]"), "not_landmarks"),
    "an order that is a number": (saying(order="0"), "not_landmarks"),
    "a kind that is a list": (saying(descr="['<f4']"), "not_landmarks"),
    "more frames than there are": (saying(shape="(190000, 68, 3)"), "truncated"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_says_why_and_for_good(tmp_path: Path, name: str):
    content, reason = BROKEN[name]
    with pytest.raises(Unusable) as caught:
        read(tmp_path / "a.npy", content)
    assert (caught.value.reason, caught.value.lasting) == (reason, True)
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) < 300


def test_a_header_of_ones_own_is_read(tmp_path: Path):
    """The helper of the cases above writes files that are sound but for the case."""
    assert read(tmp_path / "a.npy", saying()).shape == SHAPE


Rng = random.Random
PIECES = [b"(", b"[", b"{", b"-", b"1+", b"0", b"9", b"0x", b"\\", b"'", b"\0", b"L", b"f'", b"1e9"]


def flip(data: bytearray, rng: Rng) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def overwrite(data: bytearray, rng: Rng) -> None:
    data[rng.randrange(min(SPLIT, len(data)))] = rng.randrange(256)


def cut(data: bytearray, rng: Rng) -> None:
    del data[rng.randrange(1, len(data)) :]


def insert(data: bytearray, rng: Rng) -> None:
    place = rng.randrange(min(SPLIT, len(data)))
    data[place:place] = rng.choice(PIECES) * rng.choice([1, 1, 2, 200, 3_000])


def resize(data: bytearray, rng: Rng) -> None:
    """Another length of the header, which may still fit the text."""
    data[8:10] = rng.choice([rng.randrange(1 << 16), rng.randrange(60, 140)]).to_bytes(2, "little")


def drop(data: bytearray, rng: Rng) -> None:
    place = rng.randrange(min(SPLIT, len(data)))
    del data[place : place + rng.randrange(1, 8)]


MUTATIONS: tuple[Callable[[bytearray, Rng], None], ...] = (
    flip, overwrite, cut, insert, resize, drop
)  # fmt: skip


def mutated(rng: Rng) -> bytes:
    """A sound array with one to three faults, as bytes."""
    array = NUMBERS.astype(rng.choice(["<f2", ">f4", "<f8"]))
    array = rng.choice([np.ascontiguousarray, np.asfortranarray])(array)
    data = bytearray(saved(array, rng.choice([(1, 0), (2, 0), (3, 0)])))
    for change in rng.choices(MUTATIONS, k=rng.randint(1, 3)):
        if len(data) > 1:
            change(data, rng)
    return bytes(data)


def outcome(path: Path) -> str:
    """The reason of the verdict; "array" for the same numbers that NumPy reads."""
    try:
        found = read_array(path, units="pixels", size=(640, 480))
    except Unusable as verdict:
        return verdict.reason
    with np.errstate(over="ignore", invalid="ignore"):
        numpys = np.load(path, allow_pickle=False).astype(np.float32)
    known = np.isfinite(found)
    np.testing.assert_array_equal(found[known], numpys[known])
    return "array"


def test_mutated_arrays_give_a_verdict_or_what_numpy_reads(tmp_path: Path):
    rng, path = random.Random(0), tmp_path / "a.npy"
    counts: Counter[str] = Counter()
    for _ in range(600):
        path.write_bytes(mutated(rng))
        counts[outcome(path)] += 1
    assert set(counts) == {"array", "not_an_array", "not_landmarks", "truncated"}
