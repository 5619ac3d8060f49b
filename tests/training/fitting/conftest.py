from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a stage. Of fits as small as these, threads take ten times as long."""
    with threadpool_limits(limits=1):
        yield
