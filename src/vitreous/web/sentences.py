"""What a job will do, in one sentence made from the values of its form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitreous.job.options import options
from vitreous.web.offers import Glanced, glanced


@dataclass(frozen=True)
class Said:
    """The values of a form, with what a glance at its inputs tells."""

    cls: type[Any]
    values: Mapping[str, str]
    root: Path

    def __call__(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def yes(self, name: str) -> bool:
        return self(name).lower() in ("yes", "true", "1")

    def seen(self, name: str) -> Glanced:
        """What is in the file of an input; nothing where it is not there."""
        kind = next((option.input_kind for option in options(self.cls) if option.name == name), "file")
        return glanced(self.root / self(name), kind.partition(".")[0]) if self(name) else Glanced()

    def counted(self, name: str, what: str) -> str:
        """The things of an input with their number and box: "187,440 particles of 128 px"."""
        seen = self.seen(name)
        count = (
            f"{seen.count:,} {what if seen.count != 1 else what.removesuffix('s')}" if seen.count is not None else f"the {what}"
        )
        return f"{count} of {seen.box} px" if seen.box else count


def sentence(cls: type[Any], values: Mapping[str, str], root: Path) -> str:
    """The sentence of a job type, and where it will run; for a type without one of its own, what it does."""
    said = Said(cls, values, root)
    make = SENTENCES.get(cls.type.command)
    what = make(said) if make else (cls.__doc__ or cls.type.title).strip().partition("\n")[0].rstrip(".")
    return f"{what}, {_where(said)}."


def _where(said: Said) -> str:
    """On what: the CPU with so many workers, the GPUs, a queue."""
    workers, threads = said("workers") or "1", said("threads") or "1"
    width = f"{workers} workers" if workers != "1" else ""
    if threads != "1":
        width += f"{' of' if width else 'with'} {threads} threads"
    on = (
        "on the CPU"
        if said("device") != "cuda"
        else f"on GPU {said('gpus').replace(':', ', ')}"
        if said("gpus")
        else "on the GPUs"
    )
    if said("profile"):
        return f"by the run profile {said('profile')}"
    if said.yes("use_queue"):
        on = f"in the queue{' ' + said('queue') if said('queue') else ''}"
    return f"{on}, {width}" if width.startswith(tuple("0123456789")) else f"{on} {width}".strip()


def _import(said: Said) -> str:
    what = "movies" if said.yes("multiframe") else "micrographs"
    watch = " and those that come later" if said.yes("watch") else ""
    from_where = f"the {what} {said('files') or '…'}{watch}"
    return f"Take in {from_where} at {said('pixel_size_A') or '…'} Å/px and {said('voltage_kV') or '…'} kV"


def _import_other(said: Said) -> str:
    return f"Take in {said('file') or 'a file'} as {said('what')}"


def _motion(said: Said) -> str:
    bin_factor = "" if said("bin_factor") in ("", "1") else f", binned {said('bin_factor')} times"
    dose = f", {said('dose_per_frame_e_A2')} e/Å² each" if said.yes("dose_weighting") else ""
    patches = (
        f"in {said('patches_x')} × {said('patches_y')} patches"
        if (said("patches_x"), said("patches_y")) != ("1", "1")
        else "whole"
    )
    return f"Align the frames of {said.counted('movies', 'movies')} {patches}{bin_factor}{dose}"


def _thousands(text: str) -> str:
    return f"{int(text):,}" if text.isdigit() else text


def _ctf(said: Said) -> str:
    span = f"{_thousands(said('min_defocus_A'))} and {_thousands(said('max_defocus_A'))} Å"
    phase = " and phase shift" if said.yes("fit_phase") else ""
    shells = f"from {said('min_resolution_A')} to {said('max_resolution_A')} Å"
    return f"Fit defocus{phase} of {said.counted('micrographs', 'micrographs')} between {span}, with detail {shells}"


def _pick(said: Said) -> str:
    size = f"{said('min_diameter_A')} to {said('max_diameter_A')} Å"
    return f"Find particles of {size} on {said.counted('micrographs', 'micrographs')}"


def _extract(said: Said) -> str:
    scaled = f", scaled to {said('rescaled_box_px')} px" if said.yes("resize") else ""
    return f"Cut out particles in boxes of {said('box_px')} px{scaled} from {said.counted('micrographs', 'micrographs')}"


def _class2d(said: Said) -> str:
    turns = said("em_iterations")
    rounds = f"{turns} full round{'s' if turns != '1' else ''}" if said.yes("use_em") else f"{said('mini_batches')} mini-batches"
    classes = said("classes")
    return f"Sort {said.counted('particles', 'particles')} into {classes} class{'es' if classes != '1' else ''}, {rounds}"


def _select(said: Said) -> str:
    what = [said.counted(name, name) for name in ("particles", "micrographs") if said(name)] or ["the classes"]
    ways = {
        "by_score": "by class score",
        "by_value": f"by {said('column')}",
        "by_statistics": "by image statistics",
        "remove_duplicates": f"without neighbours nearer than {said('duplicate_distance_A')} Å",
        "split": "in parts",
    }
    how = [text for name, text in ways.items() if said.yes(name)]
    if how == ["in parts"] and not said("classes"):
        return f"Divide {what[0]} into parts"
    how += [f"of classes {said('classes')}"] if said("classes") else []
    return f"Keep part of {what[0]} {', '.join(how) or 'that you mark in the window'}"


def _initial(said: Said) -> str:
    maps = "a first map" if said("classes") in ("", "1") else f"{said('classes')} first maps"
    starts = f"from {said('starts')} random starts"
    return f"Make {maps} of {said.counted('particles', 'particles')} with symmetry {said('symmetry')} {starts}"


def _refine(said: Said) -> str:
    mask = " inside a mask" if said("solvent_mask") else ""
    against = f"a map filtered to {said('low_pass_A')} Å{mask}, symmetry {said('symmetry')}"
    return f"Refine {said.counted('particles', 'particles')} in two halves against {against}"


def _reconstruct(said: Said) -> str:
    return f"Put {said.counted('particles', 'particles')} with their poses together to a map, symmetry {said('symmetry')}"


def _mask(said: Said) -> str:
    box = said.seen("map").box
    of = f" of a map of {box}³ voxels" if box else ""
    level = f"above {said('threshold')}" if said.yes("threshold_given") else f"of {said('mass_kDa')} kDa"
    return f"Make a mask{of} {level}, grown by {said('extend_px')} px with a soft edge of {said('edge_px')} px"


def _post(said: Said) -> str:
    how = (
        "a B-factor that is fitted"
        if said.yes("auto_bfactor")
        else f"a B-factor of {said('bfactor_A2')} Å²"
        if said.yes("use_bfactor")
        else "no B-factor"
    )
    mask = "in the mask" if said("solvent_mask") else "without a mask"
    return f"Measure the resolution of two half maps {mask} and sharpen their mean with {how}"


def _local(said: Said) -> str:
    return f"Measure the resolution of two half maps at points {said('sampling_A')} Å apart, and filter their mean by it"


def _model_fsc(said: Said) -> str:
    return f"Compare the map with the density of {Path(said('model')).name or 'its atomic model'}"


def _align(said: Said) -> str:
    return f"Turn the map onto the axes of {said('symmetry')} and average it over its mates"


def _flip(said: Said) -> str:
    also = [word for name, word in (("half1", "half maps"), ("mask", "mask"), ("particles", "poses")) if said(name)]
    return f"Mirror the map{', with its ' + ' and '.join(also) if also else ''}"


def _orientation(said: Said) -> str:
    words = [word for name, word in (("half1", "two half maps"), ("particles", "the particles' views")) if said(name)]
    return f"Say how even {' and '.join(words) or 'a map'} {'is' if not words else 'are'} in all directions"


def _external(said: Said) -> str:
    return f"Run {said('program') or 'a program of yours'} in the job's folder"


SENTENCES: Mapping[str, Callable[[Said], str]] = {
    "import": _import,
    "import-other": _import_other,
    "motion-correction": _motion,
    "ctf-find": _ctf,
    "auto-pick": _pick,
    "extract": _extract,
    "class2d": _class2d,
    "select": _select,
    "initial-model": _initial,
    "refine3d": _refine,
    "reconstruct": _reconstruct,
    "mask-create": _mask,
    "post-process": _post,
    "local-resolution": _local,
    "model-fsc": _model_fsc,
    "align-symmetry": _align,
    "flip-hand": _flip,
    "orientation-stats": _orientation,
    "external": _external,
}
