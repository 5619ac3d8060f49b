"""Writing requirements.lock: what is done to uv's text."""

from tools.lock import with_hash, without_common_marker


def lock(*entries: str) -> str:
    return "".join(entry.replace("|", "\\\n   ") + "\n" for entry in entries)


def test_only_the_marker_that_most_lines_have_is_left_out():
    long = lock("a==1 ; x and y | --h=1", "b==1 ; x and y | --h=2", "c==1 ; x | --h=3")
    assert without_common_marker(long) == lock("a==1 | --h=1", "b==1 | --h=2", "c==1 ; x | --h=3")


def test_a_build_s_hash_is_added_once():
    one = lock("pytorch==1 | --hash=sha256:a", "torch==1 | --hash=sha256:b")
    two = lock("pytorch==1 | --hash=sha256:a", "torch==1 | --hash=sha256:c | --hash=sha256:b")
    assert with_hash(one, "torch==1", "c") == two
    assert with_hash(two, "torch==1", "c") == two
