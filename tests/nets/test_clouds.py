"""What holds for both networks that see landmarks as a video of point clouds."""

import pytest
import torch
from torch.nn import functional

from duchenne.nets.inputs import Windows
from duchenne.nets.p4transformer import P4Transformer
from duchenne.nets.pstnet import PstNet
from tests.make.clouds import close, different, learnt, logits, of, p4transformer, pstnet, windows

both = pytest.mark.parametrize("make", [pstnet, p4transformer])


@both
@pytest.mark.parametrize(("classes", "columns"), [(2, 1), (3, 3), (7, 7)])
def test_one_logit_for_two_classes_else_one_for_each(make, classes, columns):
    out = make(classes=classes)(windows("....", "..xx"))
    assert out.logits.shape == (2, columns)
    assert out.markers is None


@both
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("row", [".....", "..x.x", "xxx.", "."])
def test_a_batch_of_one(make, training, row):
    found = logits(make().train(training), windows(row))
    assert found.shape == (1, 1)
    assert torch.isfinite(found).all()


@both
def test_every_parameter_learns(make):
    net = make(classes=3)
    _, gradients = learnt(net, windows("......", ".x..x."))
    still = {name for name, _ in net.named_parameters() if name not in gradients}
    still |= {name for name, value in gradients.items() if not (value.abs() > 1e-12).any()}
    assert still == set()


@both
def test_it_can_tell_what_grows_from_what_shrinks(make):
    """Of two clouds each, fifty steps from a fresh network."""
    net, given = make(dropout=0.1).train(), windows("......", "......", "......", "......")
    size = 1.0 + 0.1 * torch.arange(6.0)
    size = torch.stack([size, size.flip(0), size, size.flip(0)])
    given = given._replace(xyz=given.xyz[:, :1] * size[..., None, None])
    target = torch.tensor([[1.0], [0.0], [1.0], [0.0]], dtype=torch.float64)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.005)
    for _ in range(50):
        optimiser.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(logits(net, given), target)
        loss.backward()
        optimiser.step()
    assert torch.equal(logits(net.eval(), given) > 0.0, target > 0.5)
    assert loss < 0.3


@both
def test_every_window_has_logits_of_its_own(make):
    found = logits(make().eval(), windows("....", "....", "...."))
    assert len(found.unique()) == 3


@both
def test_one_landmark_in_one_frame_counts(make):
    net, given = make(anchors=30).eval(), windows("....", "....")
    xyz = given.xyz.clone()
    xyz[0, 2, 17] += 0.3
    moved = logits(net, given._replace(xyz=xyz)) - logits(net, given)
    assert moved[0].abs() > 1e-6
    assert moved[1] == 0.0


@both
def test_time_has_a_direction(make):
    net, given = make().eval(), windows(".......", ".......")
    assert different(logits(net, given._replace(xyz=given.xyz.flip(1))), logits(net, given))


@both
@pytest.mark.parametrize("junk", [1e6, torch.nan])
def test_what_absent_frames_contain_changes_no_bit(make, junk):
    given = windows("..x.xx.", "x..xx..")
    hidden = ~given.present[..., None, None]
    net = make()
    out, gradients = learnt(net, given)
    filled = given._replace(xyz=given.xyz.masked_fill(hidden, junk))
    same, same_gradients = learnt(net, filled)
    assert torch.equal(out, same)
    assert all(torch.equal(value, same_gradients[name]) for name, value in gradients.items())
    assert torch.equal(logits(net.eval(), filled), out)


@both
@pytest.mark.parametrize("more", [1, 2, 5])
def test_absent_frames_at_the_end_change_neither_logits_nor_gradients(make, more):
    short = windows("..x..", "...xx", "x.x..")
    xyz = torch.cat([short.xyz, torch.full((3, more, 30, 3), 1e3)], 1)
    present = torch.cat([short.present, torch.zeros(3, more, dtype=torch.bool)], 1)
    net = make()
    out, gradients = learnt(net, short)
    longer, longer_gradients = learnt(net, of(xyz, present))
    assert close(longer, out)
    assert all(close(value, longer_gradients[name]) for name, value in gradients.items())


@both
def test_a_gap_is_time_that_has_passed(make):
    """The same four frames with one missing between them are not four frames in a row."""
    net, given = make().eval(), windows("....", "....")
    xyz = torch.cat([given.xyz[:, :2], given.xyz[:, :1], given.xyz[:, 2:]], 1)
    present = torch.tensor([[True, True, False, True, True]] * 2)
    assert different(logits(net, of(xyz, present)), logits(net, given))


@both
def test_a_window_is_judged_alone(make):
    net, given = make(), windows("..x.", "....")
    alone = Windows(*(part[:1] for part in given))
    for training in (False, True):
        net.train(training)
        assert close(logits(net, given)[:1], logits(net, alone))


@both
def test_training_and_evaluation_agree_but_for_dropout(make):
    given = windows("..x.", "....")
    assert torch.equal(logits(make().train(), given), logits(make().eval(), given))
    noisy = make(dropout=0.5)
    assert not torch.equal(logits(noisy.train(), given), logits(noisy.eval(), given))


@both
def test_the_order_of_landmarks_does_not_matter_but_for_the_first(make):
    """Anchors are found from the first landmark on; nothing else asks for a landmark's number."""
    net, given = make().eval(), windows("...x..", "......")
    mixed = torch.randperm(29, generator=torch.Generator().manual_seed(3)) + 1
    order = torch.cat([torch.zeros(1, dtype=torch.int64), mixed])
    expected = logits(net, given)
    assert close(logits(net, given._replace(xyz=given.xyz[:, :, order])), expected)
    assert different(logits(net, given._replace(xyz=given.xyz[:, :, order.flip(0)])), expected)


@both
def test_fewer_landmarks_than_anchors_and_neighbours(make):
    net = make(anchors=64, neighbours=9).eval()
    assert torch.isfinite(logits(net, windows("..x.", points=5))).all()
    assert torch.isfinite(logits(net, windows("..x.", points=1))).all()


@both
def test_68_landmarks_and_478_need_no_other_setting(make):
    net = make()
    for points in (68, 478):
        assert torch.isfinite(logits(net, windows("..x.", points=points))).all()


@both
def test_gradients_reach_the_landmarks_of_present_frames_alone(make):
    given = windows("..x.", "x...")
    xyz = given.xyz.clone().requires_grad_()
    logits(make(anchors=30).eval(), given._replace(xyz=xyz)).sum().backward()
    assert xyz.grad is not None
    assert torch.equal(xyz.grad.abs().amax((2, 3)) > 0.0, given.present)


@both
def test_gradients_of_landmarks_are_those_of_small_steps(make):
    """So small that no anchor and no neighbour is another."""
    net, given = make(anchors=30).eval(), windows("..x.", "x...")
    xyz = given.xyz.clone().requires_grad_()
    logits(net, given._replace(xyz=xyz)).sum().backward()
    way = windows("....", "....", seed=1).xyz
    ahead, back = (
        logits(net, given._replace(xyz=given.xyz + step * way)).sum() for step in (1e-6, -1e-6)
    )
    assert xyz.grad is not None
    slope = float((xyz.grad * way).sum())
    assert abs(slope) > 1e-3
    assert float((ahead - back).detach()) / 2e-6 == pytest.approx(slope, rel=1e-6)


@both
def test_half_precision_gives_nearly_the_same(make):
    net, given = make().float().eval(), windows("..x.", "....")
    given = given._replace(xyz=given.xyz.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = logits(net, given)
    assert torch.allclose(rough.float(), logits(net, given), rtol=0.0, atol=0.05)


@both
def test_one_seed_gives_one_network(make):
    weights, same = make().state_dict(), make().state_dict()
    assert all(torch.equal(value, same[name]) for name, value in weights.items())


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        (PstNet, {"classes": 1}, "classes is 1; at least 2 are needed"),
        (PstNet, {"anchors": 0}, "anchors is 0; it must be at least 1"),
        (PstNet, {"neighbours": 0}, "neighbours is 0; it must be at least 1"),
        (PstNet, {"width": 1}, "width is 1; it must be at least 2"),
        (P4Transformer, {"classes": 0}, "classes is 0; at least 2 are needed"),
        (P4Transformer, {"anchors": -1}, "anchors is -1; it must be at least 1"),
        (P4Transformer, {"neighbours": 0}, "neighbours is 0; it must be at least 1"),
        (P4Transformer, {"radius": -1}, "radius is -1; it must be at least 0"),
        (P4Transformer, {"stride": 0}, "stride is 0; it must be at least 1"),
        (P4Transformer, {"depth": 0}, "depth is 0; at least 1 layer is needed"),
        (P4Transformer, {"width": 30}, "heads is 4; it must divide the width, 30"),
        (P4Transformer, {"heads": 0}, "heads is 0; it must divide the width, 128"),
    ],
)
def test_what_cannot_be_built_is_refused(kind, given, text):
    with pytest.raises(ValueError, match=text):
        kind(**{"classes": 2} | given)
