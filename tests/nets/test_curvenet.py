import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from duchenne.nets.curvenet import CurveNet
from duchenne.nets.kernels import graph, reference
from duchenne.nets.neighbours import mirrored, nearest

SMALL = {"neighbours": 7, "curves": 12, "steps": 4}


@pytest.fixture(autouse=True)
def one_thread():
    """Threads wait for each other at every small step, which takes long on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def faces(frames: int, points: int, *, seed: int = 1, kind: torch.dtype = torch.float64):
    """Points on a bent sheet with noise, as unlike a ball as a face is."""
    maker = torch.Generator().manual_seed(seed)
    plane = torch.rand(frames, points, 2, generator=maker, dtype=torch.float64) * 2 - 1
    depth = 0.5 * plane.square().sum(-1, keepdim=True)
    xyz = torch.cat([plane, depth], -1)
    return (xyz + 0.05 * torch.randn(xyz.shape, generator=maker, dtype=xyz.dtype)).to(kind)


def pair(points: int, *, kind: torch.dtype = torch.float64, options: dict[str, int] | None = None):
    """The fast network and the plain one with the same parameters and statistics, all uneven."""
    torch.manual_seed(0)
    fast = CurveNet(points, **(options or {})).to(kind)
    norms = [layer for layer in fast.modules() if isinstance(layer, nn.BatchNorm1d)]
    for layer in norms:
        nn.init.uniform_(layer.weight, -1.5, 1.5)
        nn.init.normal_(layer.bias, std=0.3)
        layer.momentum = 1.0
    xyz = faces(2, points, seed=9, kind=kind)
    with torch.no_grad():
        fast(xyz, nearest(xyz, fast.neighbours + 1))  # so that evaluation has fitting statistics
    for layer in norms:
        layer.momentum = 0.1
    slow = reference.CurveNet(**(options or {})).to(kind)
    slow.load_state_dict(fast.state_dict())
    return fast, slow


def run(net, xyz, neighbours):
    """The output and all gradients of an uneven sum of it."""
    out = net(xyz, neighbours)
    maker = torch.Generator().manual_seed(5)
    weight = torch.randn(out.shape, generator=maker, dtype=out.dtype)
    net.zero_grad()
    (out * weight).sum().backward()
    none = torch.zeros(())  # one step has no use for the momentum
    gradients = {
        name: (none if p.grad is None else p.grad).expand_as(p).clone()
        for name, p in net.named_parameters()
    }
    return out.detach(), gradients


CASES = {
    "several frames": (5, 64, SMALL),
    "one frame": (1, 64, SMALL),
    "wider": (3, 96, {"neighbours": 20, "curves": 40, "steps": 5}),
    "one step, one curve": (2, 40, {"neighbours": 5, "curves": 1, "steps": 1}),
    "all points are starts, all others neighbours": (
        2, 24, {"neighbours": 23, "curves": 24, "steps": 3},
    ),
    "a face mesh": (2, 478, {}),
}  # fmt: skip


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize(("frames", "points", "options"), CASES.values(), ids=CASES.keys())
def test_equals_the_formulas(frames, points, options, training):
    fast, slow = pair(points, options=options)
    fast.train(training)
    slow.train(training)
    xyz = faces(frames, points)
    neighbours = nearest(xyz, fast.neighbours + 1)
    out, gradients = run(fast, xyz, neighbours)
    expected, expected_gradients = run(slow, xyz, neighbours)
    torch.testing.assert_close(out, expected, rtol=1e-10, atol=1e-10)
    assert gradients.keys() == expected_gradients.keys()
    largest = max(gradient.abs().max().item() for gradient in expected_gradients.values())
    for name, gradient in gradients.items():
        scale = max(expected_gradients[name].abs().max().item(), 1e-3 * largest)
        torch.testing.assert_close(
            gradient, expected_gradients[name], rtol=0, atol=1e-10 * scale, msg=name
        )
    for name, value in fast.state_dict().items():
        torch.testing.assert_close(value, slow.state_dict()[name], rtol=1e-10, atol=1e-10, msg=name)


@pytest.mark.parametrize("training", [True, False])
def test_pieces_of_any_size_give_the_same(training, monkeypatch):
    fast, _ = pair(64, options=SMALL)
    fast.train(training)
    xyz = faces(5, 64)
    neighbours = nearest(xyz, 8)
    out, gradients = run(fast, xyz, neighbours)
    monkeypatch.setattr(graph, "_CACHE", 40_000)  # bytes: a few rows, and two frames' edges of 8
    small, small_gradients = run(fast, xyz, neighbours)
    torch.testing.assert_close(small, out, rtol=1e-11, atol=1e-11)
    for name, gradient in gradients.items():
        torch.testing.assert_close(small_gradients[name], gradient, rtol=1e-9, atol=1e-9)


@given(frames=st.integers(0, 50), values=st.integers(1, 10**7))
def test_pieces_cover_all_frames_once_and_fit(frames, values):
    pieces = list(graph.chunks(torch.zeros(0), count=frames, values=values))
    assert [i for piece in pieces for i in range(frames)[piece]] == list(range(frames))
    assert all(
        (piece.stop - piece.start) * values * 4 <= 2_600_000 or piece.stop - piece.start == 1
        for piece in pieces
    )


def test_every_parameter_gets_a_gradient():
    net = CurveNet(64, **SMALL)
    xyz = faces(3, 64, kind=torch.float32)
    _, gradients = run(net, xyz, nearest(xyz, 8))
    assert {name for name, value in gradients.items() if not value.abs().sum() > 0} == set()


def test_parameters_of_every_block():
    net = CurveNet()

    def size(module):
        return sum(p.numel() for p in module.parameters())

    assert size(net.lift) == 352
    assert [size(block) for block in net.blocks] == [2_518, 3_534, 19_750, 50_982]
    assert size(net.last) + size(net.last_norm) == 66_048
    assert size(net) == 143_184


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neighbours": 24}, "neighbours is 24; 24 points allow 1 to 23"),
        ({"neighbours": 0}, "neighbours is 0; 24 points allow 1 to 23"),
        ({"neighbours": 5, "curves": 25}, "curves is 25; 24 points allow 1 to 24"),
        ({"neighbours": 5, "curves": 0}, "curves is 0; 24 points allow 1 to 24"),
        ({"neighbours": 5, "curves": 5, "steps": 0}, "steps is 0"),
    ],
)
def test_refuses_what_the_points_do_not_allow(options, message):
    with pytest.raises(ValueError, match=message):
        CurveNet(24, **options)


def test_refuses_too_few_neighbours():
    net = CurveNet(64, **SMALL)
    xyz = faces(1, 64, kind=torch.float32)
    with pytest.raises(ValueError, match=r"7 neighbours per point; .* needs 8"):
        net(xyz, nearest(xyz, 7))


def test_further_neighbours_are_left_alone():
    net = CurveNet(64, **SMALL)
    xyz = faces(2, 64, kind=torch.float32)
    assert torch.equal(net(xyz, nearest(xyz, 8)), net(xyz, nearest(xyz, 30)))


@pytest.mark.parametrize("training", [True, False])
def test_order_of_the_starts_does_not_matter(training, monkeypatch):
    """In the release it does: there the descriptors' weights are mixed among the curves."""
    fast, _ = pair(64, options=SMALL)
    fast.train(training)
    xyz = faces(3, 64)
    neighbours = nearest(xyz, 8)
    out, gradients = run(fast, xyz, neighbours)
    topk = torch.Tensor.topk

    def backwards(*args, **kwargs):
        values, indices = topk(*args, **kwargs)
        return torch.return_types.topk((values.flip(-1), indices.flip(-1)))

    monkeypatch.setattr(torch.Tensor, "topk", backwards)
    turned, turned_gradients = run(fast, xyz, neighbours)
    torch.testing.assert_close(turned, out, rtol=1e-11, atol=1e-11)
    for name, gradient in gradients.items():
        torch.testing.assert_close(turned_gradients[name], gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("training", [True, False])
def test_order_of_a_points_neighbours_does_not_matter(training):
    """As sets the first k and the k others differ: only the middle of the list is shuffled."""
    fast, _ = pair(64, options=SMALL)
    fast.train(training)
    xyz = faces(3, 64)
    neighbours = nearest(xyz, 8)
    shuffled = neighbours.clone()
    shuffled[..., 1:7] = neighbours[..., torch.tensor([4, 2, 6, 1, 3, 5])]
    torch.testing.assert_close(fast(xyz, shuffled), fast(xyz, neighbours), rtol=1e-11, atol=1e-11)


def test_renamed_landmarks_give_renamed_rows():
    """With the neighbours permuted as `mirrored` does, nothing else tells landmarks apart."""
    fast, _ = pair(64, options=SMALL)
    xyz = faces(2, 64)
    mirror = torch.randperm(64, generator=torch.Generator().manual_seed(2))
    neighbours = nearest(xyz, 8)
    torch.testing.assert_close(
        fast(xyz[:, mirror], mirrored(neighbours, mirror)),
        fast(xyz, neighbours)[:, mirror],
        rtol=1e-10,
        atol=1e-10,
    )


def test_again_is_the_same():
    outcomes = []
    for _ in range(2):
        fast, _ = pair(64, kind=torch.float32, options=SMALL)
        xyz = faces(20, 64, kind=torch.float32)
        outcomes.append(run(fast, xyz, nearest(xyz, 8)))
    (first, first_gradients), (second, second_gradients) = outcomes
    assert torch.equal(first, second)
    for name, gradient in first_gradients.items():
        assert torch.equal(gradient, second_gradients[name]), name


def test_in_evaluation_a_frame_does_not_depend_on_the_others():
    fast, _ = pair(64, options=SMALL)
    fast.eval()
    xyz = faces(4, 64)
    neighbours = nearest(xyz, 8)
    alone = torch.cat([fast(xyz[i : i + 1], neighbours[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(fast(xyz, neighbours), alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_single_precision_follows_but_for_a_rare_choice(training):
    """Where two neighbours are nearly as good, rounding may send a curve another way."""
    points, frames = 96, 40
    fast, slow = pair(points, kind=torch.float32, options={"neighbours": 20, "curves": 30})
    fast.train(training)
    slow.train(training)
    xyz = faces(frames, points, kind=torch.float32)
    neighbours = nearest(xyz, 21)
    with torch.no_grad():
        out, expected = fast(xyz, neighbours), slow(xyz, neighbours)
    apart = (out - expected).flatten(1).norm(dim=1) / expected.flatten(1).norm(dim=1)
    assert apart.median() < 1e-4
    assert (apart > 1e-3).sum() <= frames // 10
    assert apart.max() < 0.5


def test_runs_in_single_precision_under_autocast():
    net = CurveNet(64, **SMALL)
    xyz = faces(2, 64, kind=torch.float32)
    neighbours = nearest(xyz, 8)
    plain, _ = run(net, xyz, neighbours)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(xyz.bfloat16().float(), neighbours)
        same = net(xyz, neighbours.to(torch.int16))
    same.sum().backward()
    assert out.dtype == torch.float32
    assert torch.equal(same, plain)


def test_needs_no_gradient_of_the_coordinates():
    net = CurveNet(64, **SMALL)
    xyz = faces(2, 64, kind=torch.float32).requires_grad_()
    net(xyz, nearest(xyz, 8)).sum().backward()
    assert xyz.grad is None
