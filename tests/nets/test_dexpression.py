import pytest
import torch
from torch import nn

from duchenne.nets.dexpression import DeXpression, FeatEx
from tests.make.pictures import pictures


def parameters(*, classes: int, side: int = 224) -> int:
    with torch.device("meta"):
        network = DeXpression(classes=classes, side=side)
    return sum(values.numel() for values in network.parameters())


def test_the_published_number_of_parameters():
    assert parameters(classes=7) == 1_126_647


def test_other_numbers_of_parameters_by_hand():
    last = 272 * 13 * 13  # values that are classified
    assert parameters(classes=2) == 1_126_647 - 6 * (last + 1)
    # at 48 px: 64 maps of 11 × 11 normalised, not 55 × 55, and 272 of 2 × 2 classified
    fewer = 2 * 64 * (55**2 - 11**2) + 7 * (last - 272 * 2 * 2)
    assert parameters(classes=7, side=48) == 1_126_647 - fewer


def test_the_published_maps():
    """Planes and side of all that is made of 224 px, where each is first 55 px, 27 and 13."""
    network, seen = DeXpression(classes=7).eval(), []
    for part in (*network.stem, *network.features):
        part.register_forward_hook(lambda *given: seen.append(tuple(given[2].shape[1:])))
    assert network(pictures(side=224, seen=["."])).logits.shape == (1, 7)
    stem = [(64, 112, 112)] * 2 + [(64, 55, 55)] * 2
    assert seen == [*stem, (272, 55, 55), (272, 27, 27), (272, 27, 27), (272, 13, 13)]


def test_the_two_looks_side_by_side():
    """With weights of one: a 3 × 3 sum of 96 equal planes that keep what is above zero, and the
    maximum around."""
    looks = FeatEx(1)
    for name, value in looks.named_parameters():
        nn.init.constant_(value, 1.0 if name.endswith("weight") else 0.0)
    x = torch.zeros(1, 1, 5, 5)
    x[0, 0, 1, 1], x[0, 0, 2, 2], x[0, 0, 3, 3] = 2.0, 3.0, -1.0
    with torch.no_grad():
        around, most = looks(x).split((208, 64), dim=1)
    assert torch.equal(around, around[:, :1].expand_as(around))
    assert torch.equal(most, most[:, :1].expand_as(most))
    rows = [[2, 2, 2, 0], [2, 5, 5, 3], [2, 5, 5, 3], [0, 3, 3, 3]]
    assert (around[0, 0, :4, :4] / 96).tolist() == rows
    assert most[0, 0, :4, :4].tolist() == [[2, 2, 2, 0], [2, 3, 3, 3], [2, 3, 3, 3], [0, 3, 3, 3]]


def test_looks_keep_what_is_above_zero():
    looks = FeatEx(3)
    with torch.no_grad():
        seen = looks(torch.randn(2, 3, 6, 6))
    assert seen.min() == 0.0 < seen.max()


def test_a_fifth_of_the_features_is_dropped_in_training():
    network, seen = DeXpression(classes=7, side=128).train(), []
    network.features.register_forward_hook(lambda *given: torch.ones_like(given[2]))
    network.head[1].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network(pictures(side=128, seen=["..."]))
    assert set(seen[0].unique().tolist()) == {0.0, 1.25}
    planes = (seen[0] == 0).float().mean(dim=(2, 3))
    assert planes.mean().item() == pytest.approx(0.2, abs=0.02)
    assert planes.max() < 1  # value by value


@pytest.mark.parametrize("side", [0, 44])
def test_a_chip_that_leaves_nothing_to_classify_is_refused(side):
    with pytest.raises(ValueError, match=f"side is {side}; at least 45 px"):
        DeXpression(classes=7, side=side)


def test_the_smallest_chip_has_batch_statistics_even_alone():
    network = DeXpression(classes=7, side=45).train()
    assert torch.isfinite(network(pictures(side=45, seen=["."])).logits).all()
