import pytest
import torch

from duchenne.nets.kernels.graph import affine, inner


@pytest.mark.parametrize("rows", [2, 7, 40])
@pytest.mark.parametrize("width", [3, 8, 16])
def test_products_of_pairs_of_rows_are_those_of_rows(rows, width):
    torch.manual_seed(rows * width)
    a, b = torch.randn(2, rows, width, dtype=torch.float64)
    weight, shift = torch.randn(width, width).double(), torch.randn(width).double()
    into = torch.full_like(a, torch.nan)
    assert affine(a, weight.T, shift, into=into) is into
    expected = torch.stack([weight @ row + shift for row in a])
    torch.testing.assert_close(into, expected, rtol=1e-12, atol=1e-12)
    expected = sum(one.outer(other) for one, other in zip(a, b, strict=True))
    torch.testing.assert_close(inner(a, b), expected, rtol=1e-12, atol=1e-12)
