"""What units say while they work, and which worker they are."""

import os
import re
import sys

_TOPIC = "DUCHENNE_WORKER_TOPIC"  # in the environment, as the number is: code may be loaded anew
_NUMBER = "DUCHENNE_WORKER_NUMBER"


def say(text: str) -> None:
    """Tell whoever started the stage; from a worker it goes through Dask, wherever that is."""
    if os.environ.get(_NUMBER) is None:
        sys.stderr.write(f"{text}\n")
        return
    from distributed import get_worker

    get_worker().log_event(os.environ[_TOPIC], text)


def topic(run: str) -> str:
    """Under what Dask passes on what the units of a run say."""
    return f"duchenne-{run}"


def speak_on(run: str) -> None:
    """Say from now on what belongs to this run."""
    os.environ[_TOPIC] = topic(run)


def number_worker(name: object) -> None:
    """Remember in this process which of several workers it is; Dask counts local ones from 0."""
    digits = re.search(r"(\d+)$", str(name))
    os.environ[_NUMBER] = digits[1] if digits else "0"


def worker_number() -> int:
    """From 0; 0 too where there are no workers."""
    return int(os.environ.get(_NUMBER, "0"))
