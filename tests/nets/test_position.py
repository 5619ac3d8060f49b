import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from duchenne.nets.transformer import encoding

FLOAT = torch.zeros(1)


def test_the_waves_by_hand():
    """Of four columns the last two have wave numbers of 1 / sqrt(10,000) = 0.01."""
    rows = [[np.sin(t), np.cos(t), np.sin(0.01 * t), np.cos(0.01 * t)] for t in (0, 1, 50)]
    assert encoding(51, 4, like=FLOAT)[[0, 1, 50]].numpy() == pytest.approx(
        np.array(rows), abs=1e-6
    )


@given(first=st.integers(0, 60), step=st.integers(0, 60), moved=st.integers(0, 60))
@settings(deadline=None)
def test_how_alike_two_places_are_depends_on_their_distance_alone(first, step, moved):
    code = encoding(181, 256, like=torch.zeros(1, dtype=torch.float64))
    here = code[first] @ code[first + step]
    assert float(code[first + moved] @ code[first + moved + step]) == pytest.approx(
        float(here), abs=1e-3
    )


def test_no_two_places_are_alike_and_a_place_does_not_depend_on_the_length():
    code = encoding(500, 256, like=FLOAT)
    nearest = torch.cdist(code, code).fill_diagonal_(torch.inf).min()
    assert nearest > 1.0
    assert torch.equal(encoding(16, 256, like=FLOAT), code[:16])


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_it_is_of_the_kind_it_is_added_to(kind):
    assert encoding(3, 8, like=torch.zeros(1, dtype=kind)).dtype == kind
