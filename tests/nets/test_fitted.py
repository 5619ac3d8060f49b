"""Judges by hand, from weights that are written down here."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from duchenne.nets.fitted import CLASSIFIERS, NEVER, Classifier, build
from duchenne.nets.inputs import Rows

NAN = math.nan
SHAPES: dict[str, Any] = {
    "prior": {},
    "linear": {"columns": 2},
    "kernel_machine": {"columns": 2, "vectors": 3, "kernel": "rbf"},
    "tree_sum": {"trees": 6, "nodes": 5, "depth": 2},
    "ridge": {"columns": 2, "channels": 1, "dilations": 1, "biases": 1},
}
# Of three columns the last, then the first.
READY = {"columns.chosen": [2, 0], "columns.fill": [5.0, 1.0], "columns.mean": [4.0, 0.0],
         "columns.spread": [2.0, 1.0]}  # fmt: skip
ROWS = torch.tensor([[1.0, NAN, 8.0], [NAN, 0.0, NAN], [2.0, 9.0, 4.0]], dtype=torch.float64)
# The same in units of training.
SCALED = [[2.0, 1.0], [0.5, 1.0], [0.0, 2.0]]


def judge(name: str, weights: dict[str, Any], *, present: list[int], classes: int, **shapes):
    """With these weights, of a judge that gets three columns."""
    made = build({"judge": name, "inputs": 3, "classes": classes, "present": len(present)} | shapes)
    given = {**weights, "present": present}
    made.load_state_dict(
        {name: torch.tensor(given[name], dtype=of.dtype) for name, of in made.state_dict().items()}
    )
    return made


def logits(made: Classifier, rows: torch.Tensor = ROWS) -> torch.Tensor:
    found: torch.Tensor = made(Rows(rows)).logits
    return found


def test_the_prior_says_the_same_of_every_clip():
    two = judge("prior", {"score": [math.log(3.0)]}, present=[0, 1], classes=2)
    assert logits(two) == pytest.approx(torch.full((3, 1), math.log(3.0)))
    assert logits(two, torch.zeros((2, 3))).shape == (2, 1)


def test_classes_that_were_not_present_are_never_chosen():
    three = judge("prior", {"score": [math.log(0.75)]}, present=[1, 3], classes=4)
    odds = torch.softmax(logits(three)[0], dim=0).tolist()
    assert odds == pytest.approx([0.0, 4 / 7, 0.0, 3 / 7], abs=1e-11)
    assert logits(three)[0, 0] == NEVER
    alone = judge("prior", {"score": [0.0]}, present=[1], classes=2)
    assert logits(alone).tolist() == [[-NEVER]] * 3


def test_logistic_regression_by_hand():
    weights = {**READY, "weight": [[1.0, -2.0]], "bias": [0.5]}
    two = judge("linear", weights, present=[0, 1], classes=2, columns=2)
    wanted = [[a - 2.0 * b + 0.5] for a, b in SCALED]
    assert logits(two) == pytest.approx(torch.tensor(wanted, dtype=torch.float64))


def test_of_three_classes_scores_are_logits_but_for_their_sum():
    weights = {**READY, "weight": [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], "bias": [0.0, 0.0, 1.0]}
    three = judge("linear", weights, present=[0, 1, 2], classes=3, columns=2)
    wanted = torch.tensor([[a, b, 1.0] for a, b in SCALED], dtype=torch.float64)
    torch.testing.assert_close(logits(three), torch.log_softmax(wanted, dim=1))


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_a_kernel_machine_by_hand(kernel):
    vectors, dual = [[1.0, 1.0], [-1.0, 0.0]], [0.5, -0.25]
    weights = {**READY, "vectors": vectors, "dual": [dual], "intercept": [0.1], "gamma": 0.3,
               "slope": 2.0, "offset": [-1.0]}  # fmt: skip
    made = judge("kernel_machine", weights, present=[0, 1], classes=2, columns=2, vectors=2,
                 kernel=kernel)  # fmt: skip

    def alike(row: list[float], vector: list[float]) -> float:
        if kernel == "linear":
            return 0.3 * sum(a * b for a, b in zip(row, vector, strict=True))
        return math.exp(-0.3 * math.dist(row, vector) ** 2)

    decided = [
        sum(d * alike(row, v) for d, v in zip(dual, vectors, strict=True)) + 0.1 for row in SCALED
    ]
    wanted = torch.tensor([[2.0 * d - 1.0] for d in decided], dtype=torch.float64)
    torch.testing.assert_close(logits(made), wanted, rtol=1e-12, atol=1e-12)


# Two trees: column 0 <= 1, and then column 2 <= 5; and a single leaf.
TREES: dict[str, Any] = {
    "feature": [[0, 2, 0, 0, 0], [0, 0, 0, 0, 0]],
    "threshold": [[1.0, 5.0, 0.0, 0.0, 0.0], [0.0] * 5],
    "left": [[1, 3, 2, 3, 4], [0] * 5],
    "right": [[2, 4, 2, 3, 4], [0] * 5],
    "missing_left": [[True, False, False, False, False], [False] * 5],
    "value": [[0.0, 0.0, 10.0, 20.0, 30.0], [0.5, 0.0, 0.0, 0.0, 0.0]],
    "base": [100.0],
}


def test_trees_by_hand():
    made = judge("tree_sum", TREES, present=[0, 1], classes=2, trees=2, nodes=5, depth=2)
    rows = [[1.0, NAN, 8.0], [NAN, 0.0, NAN], [2.0, 9.0, 4.0], [1.0, 0.0, 5.0], [NAN, 0.0, 1.0]]
    found = logits(made, torch.tensor(rows, dtype=torch.float64)) - 100.5
    assert found[:, 0].tolist() == [30.0, 30.0, 10.0, 20.0, 20.0]


def test_trees_take_turns_at_the_scores():
    leaves = {**TREES, "value": [[float(n)] * 5 for n in (1, 2, 3, 10, 20, 30)]}
    whole = {name: leaves[name][1:2] * 6 for name in ("feature", "left", "right", "threshold",
                                                      "missing_left")}  # fmt: skip
    weights = {**leaves, **whole, "base": [0.0, 0.0, 0.0]}
    made = judge("tree_sum", weights, present=[0, 1, 2], classes=3, trees=6, nodes=5, depth=0)
    wanted = torch.log_softmax(torch.tensor([[11.0, 22.0, 33.0]], dtype=torch.float64), dim=1)
    torch.testing.assert_close(logits(made)[:1], wanted)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_judge_is_its_arguments_and_its_weights(name, tmp_path: Path):
    arguments = {"judge": name, "inputs": 3, "classes": 5, "present": 3, **SHAPES[name]}
    made = build(arguments)
    torch.manual_seed(0)
    for weight in made.state_dict().values():
        weight.copy_(torch.rand(weight.shape, dtype=torch.float64) * 3.0)
    made.present.copy_(torch.tensor([0, 2, 3]))
    save_file(made.state_dict(), tmp_path / "judge.safetensors")
    again = build(json.loads(json.dumps(arguments)))
    assert name == "tree_sum" or not torch.equal(logits(again), logits(made))
    again.load_state_dict(load_file(tmp_path / "judge.safetensors"))
    found = logits(again)
    assert torch.equal(found, logits(made))
    assert (found.dtype, found.shape) == (torch.float64, (3, 5))


def test_rows_of_another_width_are_refused():
    made = judge("prior", {"score": [0.0]}, present=[0, 1], classes=2)
    with pytest.raises(ValueError, match="fitted to 3 columns, not to 4"):
        logits(made, torch.zeros((1, 4)))


def test_a_judge_that_does_not_exist_is_not_built():
    with pytest.raises(
        ValueError, match=r"there is no classifier 'tree_sun'; did you mean 'tree_sum'?"
    ):
        build({"judge": "tree_sun", "inputs": 1, "classes": 2, "present": 2})
