"""Attention of one sequence to another."""

from torch import Tensor
from torch.nn import functional


def attend(
    query: Tensor, key: Tensor, value: Tensor, *, heads: int, present: Tensor | None = None
) -> Tensor:
    """(B, S, C) of `query` over (B, K, C) of `key` and `value` → (B, S, C), heads side by side.

    Nothing is taken from keys where `present` (B, K) is False; one key at least must be present.
    """
    mask = None if present is None else present[:, None, None]  # (B, 1, 1, K)
    mixed = functional.scaled_dot_product_attention(
        _split(query, heads=heads), _split(key, heads=heads), _split(value, heads=heads), mask
    )
    return mixed.transpose(1, 2).flatten(2)


def _split(rows: Tensor, *, heads: int) -> Tensor:
    """(B, S, C) → (B, heads, S, C / heads)."""
    return rows.reshape(*rows.shape[:2], heads, -1).transpose(1, 2)
