"""The names of half maps: which file is the other half of one."""

from pathlib import Path

from vitreous.context import UserError


def other_half(name: str) -> str:
    """The path of the other half map: half2 in place of the last half1 of the file's name, or the other way round."""
    path = Path(name)
    for mine, other in (("half1", "half2"), ("half2", "half1")):
        before, found, after = path.name.rpartition(mine)
        if found:
            return str(path.with_name(f"{before}{other}{after}"))
    raise UserError(f"{name} has no half1 in its name, so the other half map cannot be found: rename both")
