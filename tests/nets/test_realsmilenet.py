import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.frames import Frames
from duchenne.nets.realsmilenet import (
    ConvLstm,
    NarrowConv,
    NonLocal,
    RealSmileNet,
    TemporalAttention,
)
from tests.make.pictures import numbers, pictures


def size(part: nn.Module | None) -> int:
    return 0 if part is None else sum(values.numel() for values in part.parameters())


# The encoder's own count, 360, is the same in all three.
@pytest.mark.parametrize(
    ("memory", "attention", "remembers", "head", "total"),
    [
        ("convlstm", 84, 4_064, 765, 5_273),
        ("lstm", 0, 1_148_928, 257, 1_149_545),
        ("gru", 0, 861_696, 257, 862_313),
    ],
)
def test_published_numbers_of_parameters(memory, attention, remembers, head, total):
    with torch.device("meta"):
        net = RealSmileNet(classes=2, memory=memory)
    parts = (net.attention, net.encoder, net.memory, net.head)
    assert [size(part) for part in parts] == [attention, 360, remembers, head]
    assert size(net) == total


def test_a_memory_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"no memory 'lstn'; did you mean 'lstm'\?"):
        RealSmileNet(classes=2, memory="lstn")  # type: ignore[arg-type]


@pytest.mark.parametrize("memory", ["convlstm", "lstm", "gru"])
def test_the_order_of_frames_counts(memory):
    torch.manual_seed(0)
    net = RealSmileNet(classes=2, memory=memory).eval()
    given = pictures(["...."], side=48, channels=3)
    turned = given._replace(chips=given.chips.flip(1))
    assert (net(given).logits - net(turned).logits).abs() > 1e-5


def frames(pixels: Tensor, counts: list[int]) -> Frames:
    places = torch.arange(max(counts))
    return Frames(pixels, places < torch.tensor(counts)[:, None])


def test_temporal_attention_at_its_start():
    """x · change + x, where the first frame of each of the windows has no change."""
    x = numbers(6, 3, 5, 4)
    seen = TemporalAttention(3).double()(frames(x, [3, 1, 2]))
    expected = x.clone()
    for now, before in ((1, 0), (2, 1), (5, 4)):
        expected[now] = x[now] * (x[now] - x[before]) + x[now]
    assert torch.allclose(seen, expected)


def test_temporal_attention_learns_what_change_to_look_at():
    attention = TemporalAttention(3).double()
    with torch.no_grad():
        attention.conv.weight.copy_(numbers(3, 3, 3, 3))
        attention.get_parameter("conv.bias").copy_(numbers(3))
    x = numbers(2, 3, 5, 4, seed=1)
    change = torch.stack((torch.zeros_like(x[0]), x[1] - x[0]))
    map_ = functional.conv2d(change, attention.conv.weight, attention.conv.bias, padding=1)
    assert torch.allclose(attention(frames(x, [2])), x * map_ + x)


def test_a_narrow_convolution_is_a_convolution():
    conv, x = NarrowConv(3, 5).double(), numbers(4, 3, 7, 6)
    out = conv(x)
    assert torch.allclose(out, functional.conv2d(x, conv.weight, conv.bias, padding=1))
    assert out.is_contiguous()


def test_convlstm_is_that_of_a_plain_loop():
    """Frame and state side by side in one convolution, as the paper has it."""
    torch.manual_seed(0)
    memory, maps = ConvLstm(3, 2).double(), numbers(2, 4, 3, 5, 6)
    hidden = cell = torch.zeros(2, 2, 5, 6, dtype=torch.float64)
    states = memory(maps)
    assert states.shape == (2, 4, 2, 5, 6)
    for step in range(4):
        given = torch.cat((maps[:, step], hidden), dim=1)
        take, keep, show, new = memory.gates(given).split(2, dim=1)
        cell = torch.sigmoid(keep) * cell + torch.sigmoid(take) * torch.tanh(new)
        hidden = torch.sigmoid(show) * torch.tanh(cell)
        assert torch.allclose(states[:, step], hidden)


def test_a_non_local_block_is_that_of_the_formula():
    torch.manual_seed(0)
    block, x = NonLocal(4).double().eval(), numbers(2, 4, 6, 6)
    assert torch.equal(block(x), x)  # the gain starts at zero
    with torch.no_grad():
        block.norm.weight.copy_(numbers(4, seed=1))
    asks, answers, gives = block.asks(x), block.answers(x), block.gives(x)
    answers, gives = (functional.max_pool2d(maps, 2) for maps in (answers, gives))
    alike = torch.einsum("bcij,bckl->bijkl", asks, answers) / 9
    y = torch.einsum("bijkl,bckl->bcij", alike, gives)
    assert torch.allclose(block(x), x + block.norm(block.widen(y)))
