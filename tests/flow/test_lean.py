"""pyarrow without pandas, where we say so."""

import subprocess
import sys

SCRIPT = """
import sys
from duchenne.flow import startup
{call}
from duchenne.tables import parquet
import pyarrow as pa
pa.table({{"a": [1, 2], "b": ["x", None]}})
print("pandas" in sys.modules)
import pandas
print(len(pandas.DataFrame({{"a": [1]}})))
"""


def run(call: str) -> list[str]:
    script = SCRIPT.format(call=call)
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_columns_are_made_without_pandas_which_others_may_import():
    assert run("startup.without_pandas()") == ["False", "1"]


def test_a_worker_does_without_it():
    call = (
        "from duchenne.flow import source, worker; "
        "worker.prepare(source.present().parent, local=False, threads_each=1)"
    )
    assert run(call) == ["False", "1"]


def test_pyarrow_would_import_it():
    """Else there is nothing to keep away, and duchenne.flow.startup can go."""
    assert run("") == ["True", "1"]
