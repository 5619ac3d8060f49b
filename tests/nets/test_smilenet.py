"""What holds for the whole network, whatever its fusion."""

import pytest
import torch

from duchenne.nets import fusion
from duchenne.nets.fusion import FUSIONS
from duchenne.nets.inputs import Windows
from duchenne.nets.settings import MeshSettings
from duchenne.nets.smilenet import SmileNet
from tests.make.windows import network, parameters, small, windows

FUSED = [name for name in FUSIONS if name not in {"none", "multitask"}]
# Every fusion once, and the encoder that needs neighbours with one of each kind.
FORMS = [
    *({"fusion": name} for name in FUSIONS),
    *({"fusion": name, "encoder": "curvenet"} for name in ("none", "hadamard", "attention")),
    {"fusion": "mh_cross_attention", "attention": "time"},
    {"fusion": "mh_cross_attention", "attention": "space"},
    {"fusion": "concat", "indicators": True},
    {"fusion": "attention", "indicators": True},
]
forms = pytest.mark.parametrize(
    "given", FORMS, ids=lambda given: "-".join(map(str, given.values()))
)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"fusion": "hadamar"}, r"no fusion 'hadamar'; did you mean 'hadamard'\?"),
        ({"heads": 3}, "heads must divide 256, and 3 does not"),
    ],
)
def test_what_cannot_be_built_is_refused(given, text):
    with pytest.raises(ValueError, match=text):
        SmileNet(small(**given))


# Published where the mathematics is the published one; the others in test_fusion.py.
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("none", 4_896_337),
        ("concat", 5_151_313),
        ("gated_concat", 5_217_105),
        ("additive", 5_285_459),
        ("hadamard", 5_151_569),
        ("hadamard_gated", 5_282_897),
        ("mh_attention", 5_413_969),
        ("mh_cross_attention", 5_216_593),
        ("film", 5_545_809),
        ("film_hadamard", 5_546_321),
    ],
)
@pytest.mark.parametrize("attention", ["both", "space", "time"])
def test_published_numbers_of_parameters(name, number, attention):
    assert parameters(MeshSettings(fusion=name, attention=attention)) == number


# Differences by hand. multitask: nine heads of LN 512 and 256 · 25 + 25, for one of LN and 256 ·
# 216 + 216. attention: no biases of query, key and value. cross_attention: four maps without bias
# for three with. bilinear and its three kin: the common trunk (4,895,568) for theirs (3,840,048).
@pytest.mark.parametrize(
    ("name", "published", "more"),
    [
        ("multitask", 4_952_361, 9 * (512 + 6_425) - (512 + 55_512)),
        ("attention", 5_348_945, -3 * 256),
        ("cross_attention", 5_348_945, 4 * 65_536 - 3 * 65_792),
        ("bilinear", 20_874_033, 4_895_568 - 3_840_048),
        ("bilinear_hadamard", 20_939_825, 4_895_568 - 3_840_048),
        ("factorized_bilinear", 4_491_057, 4_895_568 - 3_840_048),
        ("factorized_bilinear_hadamard", 4_556_849, 4_895_568 - 3_840_048),
    ],
)
def test_where_the_number_of_parameters_is_not_the_published_one(name, published, more):
    assert parameters(MeshSettings(fusion=name)) == published + more


@pytest.mark.parametrize(
    ("given", "more"),
    [
        ({"encoder": "linear"}, 3 * 256 + 256 - 143_184),
        ({"points": 68, "curves": 68}, 32 * (68 - 478)),
        ({"classes": 7}, 6 * 257),
        ({"fusion": "concat", "indicators": True}, 5_151_313 - 4_896_337 + 225 * 256),
        ({"fusion": "mh_attention", "indicators": True}, 5_413_969 - 4_896_337 + 225 * 256),
        ({"depth": 4, "time_depth": 1}, -4 * 526_336),
    ],
)
def test_what_settings_add_to_the_number_of_parameters(given, more):
    assert parameters(MeshSettings(**given)) == 4_896_337 + more


@pytest.mark.parametrize(("classes", "logits"), [(2, 1), (3, 3), (7, 7)])
def test_one_logit_for_two_classes_and_else_one_each(classes, logits):
    settings = small(classes=classes)
    assert network(settings)(windows(settings, seen=["...", ".x."])).logits.shape == (2, logits)


@pytest.mark.parametrize("name", FUSIONS)
def test_markers_are_predicted_by_multitask_alone(name):
    settings = small(fusion=name)
    markers = network(settings)(windows(settings, seen=["...", ".x."])).markers
    assert (None if markers is None else markers.shape) == (
        (2, 225) if name == "multitask" else None
    )


def test_each_region_and_phase_is_predicted_by_a_head_of_its_own():
    settings = small(fusion="multitask")
    net, given = network(settings), windows(settings, seen=["...", ".x."])
    before = net(given).markers
    with torch.no_grad():
        net.get_parameter("marker_heads.blocks.4.1.weight").zero_()  # the cheeks' apex
    changed = (net(given).markers != before).any(dim=0)
    assert changed.nonzero().flatten().tolist() == list(range(100, 125))


@forms
def test_every_landmark_counts(given):
    """Other faces move the logits, and so does one landmark in one frame."""
    settings = small(**given)
    net, window = network(settings).double(), double(windows(settings, seen=["....", "...."]))
    logits = net(window).logits
    others = double(windows(settings, seen=["....", "...."], seed=1))
    others = others._replace(markers=window.markers)
    assert different(net(others).logits, logits, by=1e-3)
    for moved in range(0, settings.points, 7):
        xyz = window.xyz.clone()
        xyz[:, 2, moved] = window.xyz[:, 1, moved]
        assert different(net(window._replace(xyz=xyz)).logits, logits, by=1e-6)


@pytest.mark.parametrize("indicators", [False, True])
@pytest.mark.parametrize("name", FUSED)
def test_every_marker_counts(name, indicators):
    settings = small(fusion=name, indicators=indicators)
    net, window = network(settings).double(), double(windows(settings, seen=["....", ".x.."]))
    logits = net(window).logits
    assert different(net(window._replace(markers=window.markers.flip(0))).logits, logits, by=1e-3)
    markers = window.markers.clone().requires_grad_()
    net(window._replace(markers=markers)).logits.sum().backward()
    assert markers.grad is not None
    assert markers.grad.shape == (2, 450 if indicators else 225)
    assert (markers.grad.abs().amax(dim=0) > 1e-7).all()


@pytest.mark.parametrize("name", FUSED)
def test_what_a_marker_says_depends_on_the_landmarks(name):
    """No sum of one function of the landmarks and another of the markers; neither is left out."""
    settings = small(fusion=name)
    net, window = network(settings).double(), double(windows(settings, seen=["....", ".x.."]))
    other = window._replace(xyz=window.xyz.flip(0), present=window.present.flip(0))
    swapped = window.markers.flip(0)
    here = net(window).logits - net(window._replace(markers=swapped)).logits
    there = net(other).logits - net(other._replace(markers=swapped)).logits
    assert different(here, there, by=1e-3)


@forms
def test_every_parameter_learns(given):
    """But one of the published ones: what is added to a whole token, norms take out again.

    It counts as soon as a fusion has something other than a norm behind the trunk.
    """
    settings = small(**given)
    net, window = network(settings).double(), windows(settings, seen=["....", ".x..", "..xx"])
    out = net.train()(double(window))
    loss = (out.logits * torch.tensor([[1.0], [-2.0], [0.5]])).sum()
    (loss if out.markers is None else loss + out.markers.square().mean()).backward()
    still = {
        name
        for name, value in net.named_parameters()
        if value.grad is None or not value.grad.abs().max() > 1e-9
    }
    behind = settings.fusion not in {"none", "multitask", "mh_cross_attention"}
    assert still == (set() if behind else {"trunk.pool.norm.bias"})


@forms
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("seen", [".x..", "."])
def test_a_batch_of_one(given, training, seen):
    settings = small(**given)
    out = network(settings).train(training)(windows(settings, seen=[seen]))
    assert out.logits.shape == (1, 1)
    assert torch.isfinite(out.logits).all()


@forms
@pytest.mark.parametrize("training", [False, True])
def test_what_absent_frames_contain_changes_no_bit(given, training):
    settings = small(**given)
    window = windows(settings, seen=["..x.", "xx.."])
    hidden = ~window.present[..., None, None]
    filled = window._replace(
        xyz=window.xyz.masked_fill(hidden, 1e6), neighbours=window.neighbours.masked_fill(hidden, 0)
    )
    first, second = network(settings).train(training), network(settings).train(training)
    torch.manual_seed(1)
    logits = first(window).logits
    torch.manual_seed(1)
    assert torch.equal(second(filled).logits, logits)
    kept = dict(second.named_buffers())
    assert all(torch.equal(value, kept[name]) for name, value in first.named_buffers())


@forms
def test_frames_added_at_the_end_change_nothing(given):
    settings = small(**given)
    net = network(settings).double()
    long = double(windows(settings, seen=["..x.xx", "x..xxx", "....xx"]))
    short = net(shortened(long, frames=4)).logits
    assert torch.allclose(net(long).logits, short, rtol=0.0, atol=1e-10)


@forms
def test_a_window_is_judged_alone(given):
    """Beside others, longer ones among them, as by itself."""
    settings = small(**given)
    net, both = network(settings).double(), double(windows(settings, seen=["..x.", "...."]))
    alone = Windows(*(part[:1] for part in both))
    assert torch.allclose(net(both).logits[:1], net(alone).logits, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("encoder", ["linear", "curvenet"])
def test_batch_statistics_are_those_of_present_frames(encoder):
    """Training leaves the same whether absent frames are in the batch or not."""
    settings = small(encoder=encoder)
    long = windows(settings, seen=["..xx", "..xx"])
    first, second = network(settings).train(), network(settings).train()
    untouched = {name: value.clone() for name, value in first.named_buffers()}
    for net, window in ((first, long), (second, shortened(long, frames=2))):
        torch.manual_seed(1)
        net(window)
    left = dict(second.named_buffers())
    for name, value in first.named_buffers():
        assert torch.allclose(value.double(), left[name].double(), rtol=1e-5, atol=1e-6)
        assert not torch.equal(value, untouched[name])


@forms
def test_one_seed_gives_one_network(given):
    settings = small(**given)
    weights, same = network(settings).state_dict(), network(settings).state_dict()
    other = network(settings, seed=1).state_dict()
    assert all(torch.equal(value, same[name]) for name, value in weights.items())
    assert any(not torch.equal(value, other[name]) for name, value in weights.items())


@pytest.mark.parametrize("name", FUSIONS)
def test_one_seed_gives_one_trunk_and_head_whatever_the_fusion(name):
    plain, fused = network(small()).state_dict(), network(small(fusion=name)).state_dict()
    assert all(torch.equal(value, fused[name]) for name, value in plain.items())


@pytest.mark.parametrize(
    ("attention", "knows_the_order", "mixes_frames", "mixes_tokens"),
    [("both", True, True, True), ("space", False, False, True), ("time", True, True, False)],
)
def test_what_attention_mixes(attention, knows_the_order, mixes_frames, mixes_tokens):
    settings = small(attention=attention)
    net, window = network(settings).double(), double(windows(settings, seen=["....", "..x."]))
    trunk = net.trunk
    before = trunk(window)
    turned = window._replace(xyz=window.xyz.flip(1), present=window.present.flip(1))
    same_clip = torch.allclose(trunk(turned).clip, before.clip, atol=1e-12)
    assert same_clip is not knows_the_order

    xyz = window.xyz.clone()
    xyz[0, 1] = window.xyz[1, 1]
    moved = (trunk(window._replace(xyz=xyz)).frames - before.frames).abs().amax(-1) > 1e-9
    assert moved.tolist() == [[mixes_frames or frame == 1 for frame in range(4)], [False] * 4]

    with torch.no_grad():  # the landmarks now reach token 2 by other ways
        trunk.get_parameter("pool.weighting.weight")[2] *= -0.5
    tokens = (trunk(window).tokens - before.tokens)[0].abs().amax((0, 2)) > 1e-9
    assert tokens.tolist() == [mixes_tokens or token == 2 for token in range(4)]


@pytest.mark.parametrize(("attention", "tokens"), [("both", 1), ("time", 1), ("space", 4)])
def test_the_second_transformer_sees_the_mean_token_unless_it_mixes_tokens(attention, tokens):
    settings = small(attention=attention)
    net, seen = network(settings), []
    net.trunk.second.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    net(windows(settings, seen=["...", "..x"]))
    assert seen == [(2, 3, tokens, 256)]


@pytest.mark.parametrize("encoder", ["linear", "curvenet"])
def test_68_points(encoder):
    settings = small(points=68, encoder=encoder, neighbours=20, curves=68, fusion="hadamard")
    net, window = network(settings), windows(settings, seen=["...", ".x."])
    assert torch.isfinite(net(window).logits).all()


def test_the_published_network_from_end_to_end():
    settings = MeshSettings(fusion="hadamard")
    net, window = network(settings), windows(settings, seen=["..x."])
    assert window.neighbours.shape == (1, 4, 478, 21)
    assert torch.isfinite(net(window).logits).all()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"fusion": "none"}, 0),
        ({"fusion": "multitask", "indicators": True}, 0),
        ({"fusion": "film"}, 225),
        ({"fusion": "film", "indicators": True}, 450),
    ],
)
def test_how_many_columns_of_markers_a_fusion_needs(given, expected):
    assert fusion.columns(MeshSettings(**given)) == expected


def double(window: Windows) -> Windows:
    return window._replace(xyz=window.xyz.double(), markers=window.markers.double())


def shortened(window: Windows, *, frames: int) -> Windows:
    xyz, neighbours, present, markers = window
    return Windows(xyz[:, :frames], neighbours[:, :frames], present[:, :frames], markers)


def different(one: torch.Tensor, other: torch.Tensor, *, by: float) -> bool:
    """Whether they differ by this share of the second."""
    return bool((one - other).norm() > by * other.norm())
