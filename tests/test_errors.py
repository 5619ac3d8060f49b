import pytest

from duchenne.errors import listed


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["b", "a", "b"], "a, b"),
        (list("edcba"), "a, b, c, d, e"),
        (list("gfedcba"), "a, b, c, d, e and 2 more"),
    ],
)
def test_a_message_names_a_few_and_counts_the_rest(names, text):
    assert listed(names) == text
