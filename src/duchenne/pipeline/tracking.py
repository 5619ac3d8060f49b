"""Whether DVC knows the raw data: what it does not know is absent from queued experiments."""

from pathlib import Path


def advice(data: Path, root: Path) -> str | None:
    """What to do about a data set that DVC neither tracks nor makes itself; None if all is well."""
    if data.name == "demo" or data.with_name(f"{data.name}.dvc").exists():
        return None
    place = data.relative_to(root)
    return (
        f"{place} is not tracked, so queued and temporary experiments will not find it; "
        f"`dvc add {place}` tracks it"
    )
