"""A process of ours without pandas, which takes a quarter of a second to import.

pyarrow imports it with the first list that becomes a column, to ask whether the list is a series;
that of a stage, or of a worker, never is.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder


class _NoPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def without_pandas() -> None:
    """Let pyarrow find once, and remember, that it is not there. Others may import it still."""
    import pyarrow

    absent = _NoPandas()
    sys.meta_path.insert(0, absent)
    try:
        pyarrow.array([None])
    finally:
        sys.meta_path.remove(absent)
