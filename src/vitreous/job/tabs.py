"""The tabs of a form: RELION's names in RELION's order, over the tabs and options of our declarations."""

from collections.abc import Mapping
from typing import Any

from vitreous.job.options import Option, options
from vitreous.job.placement import placement_options

PLACE = "Place"
COMPUTE = "Compute"

NAMES: Mapping[str, Mapping[str, str]] = {
    "import": {"Files": "Movies/mics", "Optics": "Movies/mics", "Watching": "Movies/mics"},
    "import-other": {"Files": "Others"},
    "manual-pick": {"Options": "I/O"},
    "motion-correction": {"Exposure": "I/O", "Output": "I/O", "Gain": "Motion"},
    "ctf-find": {"CTF": "Search", "Phase plate": "Phase"},
    "select": {
        "Classes": "Class options",
        "Options": "I/O",
        "remove_duplicates": "Duplicates",
        "duplicate_distance_A": "Duplicates",
        "coordinate_pixel_size_A": "Duplicates",
    },
    "initial-model": {"Sampling": "Optimisation"},
    "external": {"I/O": "Input", "Running": "Params"},
}
"""Where RELION's tab has another name than ours, or holds an option that we have elsewhere: by job type, then tab or option."""

ORDER = (
    "Movies/mics", "Others", "Input", "I/O", "Reference", "Bodies", "Display", "Colours", "Laplacian", "Network", "References",
    "Autopicking", "Extract", "Motion", "Search", "Phase", "CTF", "Optimisation", "Sampling", "Auto-sampling", "Analyse",
    "Class options", "Subsets", "Duplicates", "Filaments", "Mask", "Sharpen", "Local", "Filter", "Fit", "Train", "Polish",
    "Helix", "Params", "Reconstruction",
)  # fmt: skip
"""RELION's order. A tab of a plugged-in type that is not named here comes after these, in the order of declaration."""


def tab_of(cls: type[Any], option: Option) -> str:
    """The tab under which an option of a job type stands in a form."""
    names = NAMES.get(cls.type.command, {})
    return names.get(option.name) or names.get(option.tab) or option.tab


def tabs(cls: type[Any]) -> dict[str, list[Option]]:
    """The options of a job type by tab, in RELION's order; then how its images are read, and last where it runs."""
    found: dict[str, list[Option]] = {}
    for option in options(cls):
        found.setdefault(tab_of(cls, option), []).append(option)
    known = [name for name in ORDER if name in found]
    ordered = {name: found[name] for name in (*known, *(name for name in found if name not in ORDER))}
    for option in placement_options(cls):
        ordered.setdefault(COMPUTE if option.path[0] == "disk" else PLACE, []).append(option)
    ordered[PLACE] = ordered.pop(PLACE)
    return ordered
