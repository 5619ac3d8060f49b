"""What models look at, and what params.yaml may call them."""

from typing import get_args

import pytest

from duchenne.config.models import NEEDS
from duchenne.config.params import Params
from duchenne.config.training import Model, Training


def test_every_model_that_can_be_chosen_says_what_it_looks_at_and_no_other():
    assert get_args(Model) == tuple(NEEDS)
    for section in (Params, Training):
        assert get_args(section.model_fields["model"].annotation) == tuple(NEEDS)


@pytest.mark.parametrize("model", [name for name, needs in NEEDS.items() if needs.chip])
def test_chips_are_grey_or_in_colour(model: str):
    chip = NEEDS[model].chip
    assert chip is not None
    assert chip.channels in {1, 3}
    assert 32 <= chip.side <= 256
