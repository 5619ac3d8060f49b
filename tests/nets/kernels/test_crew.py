"""Pieces of work on several threads: the same results, whoever does which."""

import threading
import time
from typing import Any

import pytest
import torch

from duchenne.nets.kernels import crew
from duchenne.nets.neighbours import nearest


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_their_pieces(threads):
    assert crew.each(range(20), lambda piece: piece * piece) == [n * n for n in range(20)]
    assert crew.each([], lambda piece: piece) == []


def test_a_piece_is_done_by_one_thread_and_the_caller_keeps_its_own(threads):
    counts = crew.each(range(6), lambda _: torch.get_num_threads(), threads=4)
    assert counts == [1] * 6
    assert torch.get_num_threads() == threads


def test_as_many_as_there_are_threads_are_done_at_once(threads):
    together = threading.Barrier(5, timeout=60)
    crew.each(range(5), lambda _: together.wait(), threads=5)


def test_nothing_is_recorded_for_a_gradient(threads):
    weight = torch.ones(2, requires_grad=True)
    assert not any(crew.each(range(4), lambda _: (weight * 2).requires_grad))
    with torch.inference_mode():
        kept = torch.zeros(4)  # may be written to in inference mode alone
        crew.each(range(4), lambda piece: kept[piece].fill_(piece))
    assert kept.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_nobody_is_still_at_work_when_something_is_raised(threads):
    ended = threading.Event()

    def work(piece: int) -> None:
        if piece == 0:
            raise ValueError("at once")
        time.sleep(0.2)
        ended.set()

    with pytest.raises(ValueError, match="at once"):
        crew.each(range(2), work, threads=2)
    assert ended.is_set()


def test_pieces_of_two_callers_do_not_stand_between_each_other(threads, monkeypatch):
    """Pieces that wait for each other, given by two threads at once, as slowly as can be."""
    crew.each(range(2), lambda _: None, threads=2)  # so that the crew is there
    pool = crew._crew(max(2, torch.get_num_threads()))
    submit = pool.submit

    def slowly(*given: Any) -> Any:
        time.sleep(0.05)
        return submit(*given)

    monkeypatch.setattr(pool, "submit", slowly)

    def call() -> None:
        together = threading.Barrier(2, timeout=10)
        crew.each(range(2), lambda _: together.wait(), threads=2)
        done.append(True)

    done: list[bool] = []
    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert done == [True] * 4


def test_what_goes_wrong_is_raised_and_the_next_work_is_done(threads):
    def work(piece: int) -> int:
        if piece == 3:
            raise ValueError("piece 3")
        return piece

    with pytest.raises(ValueError, match="piece 3"):
        crew.each(range(8), work)
    assert crew.each(range(3), work) == [0, 1, 2]


def test_neighbours_are_the_same_with_any_number_of_threads(threads, monkeypatch):
    torch.manual_seed(0)
    faces = torch.randn(9, 60, 3)
    whole = nearest(faces, 8)
    monkeypatch.setattr("duchenne.nets.neighbours._FRAMES", 2)
    assert torch.equal(nearest(faces, 8), whole)
