"""A declaration as job.star and back: RELION's option names and menu words where it has them, ours where it has not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import star
from vitreous.files.star_blocks import StarFile, list_block, loop_block
from vitreous.job import registry
from vitreous.job.options import Option, as_text, build, inner_type, options, value_of
from vitreous.job.placement import COMPUTE_NAMES, FIXED_FOR_ALL, QUEUE_EXTRA, QUEUE_NAMES, Placement, placement_options
from vitreous.job.run_job import read_run_job
from vitreous.param import Param

SEED = "random_seed"
GOES_ON_FROM = "fn_cont"
VERSION = ("# version 30001", "")


@dataclass(frozen=True)
class JobFile:
    """What a job.star or run.job says, as text, before it is a job. label is "" in files of RELION 3, number then counts."""

    path: str
    label: str = ""
    number: int | None = None
    is_continue: bool = False
    values: Mapping[str, str] = field(default_factory=dict)

    def with_values(self, changed: Mapping[str, str]) -> "JobFile":
        """The same file with some values replaced or added."""
        return replace(self, values={**self.values, **changed})


@dataclass(frozen=True)
class Loaded:
    """A job read from a file, with its placement and seed."""

    job: Any
    placement: Placement
    seed: int
    is_continue: bool


def read(path: Path | str) -> JobFile:
    """Read a job.star (RELION 3.1, 4 or 5, or ours) or a run.job (3.0).

    The file to go on from counts only in a job that is a continuation: RELION passes over it in others, and leaves it there.
    """
    file = _as_it_stands(path)
    return file if file.is_continue or not file.values.get(GOES_ON_FROM) else file.with_values({GOES_ON_FROM: ""})


def _as_it_stands(path: Path | str) -> JobFile:
    where = Path(path)
    if not where.is_file():
        raise UserError(f"{where}: there is no such file; name a job.star")
    if where.suffix == ".job":
        number, is_continue, said = read_run_job(where)
        return JobFile(str(where), number=number, is_continue=is_continue, values=said)
    blocks = star.read(where)
    for name in ("job", "joboptions_values"):
        if name not in blocks:
            raise UserError(f"{where} is not a job.star: it has no block data_{name}")
    head = {label: str(value) for label, value in next(iter(blocks["job"].rows()), {}).items()}
    rows = blocks["joboptions_values"].rows()
    given = {str(row["rlnJobOptionVariable"]): str(row["rlnJobOptionValue"]) for row in rows}
    number_text = head.get("rlnJobType", "")
    return JobFile(
        str(where),
        label=head.get("rlnJobTypeLabel", ""),
        number=int(number_text) if number_text.lstrip("-").isdigit() else None,
        is_continue=head.get("rlnJobIsContinue", "0") in ("1", "true", "True"),
        values=given,
    )


def job_class(file: JobFile) -> type[Any]:
    """The job type that a file asks for. Where several share a label, the one whose fixed options the file meets."""
    found = registry.by_label(file.label) if file.label else []
    if not found and file.number is not None and not file.label:
        found = registry.by_number(file.number)
    if not found:
        known = ", ".join(sorted({cls.type.label for cls in registry.job_types().values()}))
        asked = file.label or f"number {file.number}"
        raise UserError(f"{file.path}: jobs of type {asked} are not supported yet; supported are {known}")
    fitting = [cls for cls in found if not unsupported(cls, file.values)]
    return (fitting or found)[0]


def load(path: Path | str, changed: Mapping[str, str] | None = None, cls: type[Any] | None = None) -> Loaded:
    """The job, placement and seed of a file; `changed` replaces values, by RELION's names or ours."""
    file = read(path)
    kind = cls or job_class(file)
    if changed:
        file = file.with_values(as_written(kind, changed, file.path))
    return to_job(file, kind)


def fresh(cls: type[Any], said: Mapping[str, str] | None = None) -> Loaded:
    """A job of a type with its defaults; `said` gives options by RELION's names or ours, at least those without a default."""
    named = f"a new {cls.type.title} job"
    return to_job(JobFile(named, label=cls.type.label, values=as_written(cls, said or {}, named)), cls)


def to_job(file: JobFile, cls: type[Any]) -> Loaded:
    """Make the job. An option that would change the result and is not supported stops with its name."""
    left = dict(file.values)
    extra = _queue_extra(left)
    left |= cls.older_options(left)
    if not any("other_args" in option.relion for option in options(cls)):
        left |= _further_arguments(left.get("other_args", ""))
    job_values = _taken(cls, left, file.path)
    place_values = {"queue_extra": extra, **_taken(Placement, left, file.path)}
    seed_text = left.pop(SEED, "0").strip() or "0"
    if not seed_text.lstrip("-").isdigit():
        raise UserError(f"{file.path}: {SEED} is {seed_text!r}, but must be a whole number")
    kind = cls.type
    broken = unsupported(cls, left)
    if broken:
        name, wanted = broken[0]
        raise UserError(f"{file.path}: {kind.title} does not support {name} = {left[name]!r} yet; set it to {wanted!r}")
    passed = {*kind.ignored, *kind.fixed, *FIXED_FOR_ALL, *COMPUTE_NAMES}
    unknown = [name for name in left if name not in passed]
    if unknown:
        listed = ", ".join(f"{name} = {left[name]!r}" for name in unknown)
        raise UserError(f"{file.path}: {kind.title} does not support the option {listed} yet; remove it or use another job")
    try:
        return Loaded(build(cls, job_values), build(Placement, place_values), int(seed_text), file.is_continue)
    except UserError as error:
        raise UserError(f"{file.path}: {error}") from None


def to_values(job: Any, placement: Placement, *, seed: int = 0) -> dict[str, str]:
    """All options of a job under RELION's names or ours, as job.star holds them."""
    said = dict(job.type.fixed)
    for declared, chosen in ((job, options(type(job))), (placement, placement_options(type(job)))):
        for option in chosen:
            text = _written(option, value_of(declared, option))
            said.update(dict.fromkeys(option.relion or (option.name,), text))
    del said["queue_extra"]
    said |= {f"{QUEUE_EXTRA}{number}": text for number, text in enumerate(placement.queue_extra, 1)}
    said = {name: text for name, text in said.items() if text or name not in QUEUE_NAMES}
    if seed:
        said[SEED] = str(seed)
    return dict(sorted((name, text.split("|")[0]) if name in job.type.fixed else (name, text) for name, text in said.items()))


def write(path: Path | str, job: Any, placement: Placement, *, is_continue: bool = False, seed: int = 0) -> None:
    """Write a job.star that RELION 3.1, 4 and 5 read: the type by number and by label."""
    said = to_values(job, placement, seed=seed)
    head = {
        "rlnJobTypeLabel": job.type.label,
        "rlnJobType": str(job.type.number),
        "rlnJobIsContinue": str(int(is_continue or bool(said.get(GOES_ON_FROM)))),
        "rlnJobIsTomo": "0",
    }
    names = sorted(said)
    columns = {"rlnJobOptionVariable": names, "rlnJobOptionValue": [said[name] for name in names]}
    blocks = [list_block("job", head, VERSION), loop_block("joboptions_values", columns, VERSION)]
    star.write(path, StarFile(blocks))


_ARGUMENTS = {"--do_at_most": "at_most"}


def _further_arguments(text: str) -> dict[str, str]:
    """What other_args says, where all its words are arguments of RELION's programs that are options of ours; else nothing."""
    words = text.split()
    names, values = words[::2], words[1::2]
    if not words or len(names) != len(values) or not set(names) <= set(_ARGUMENTS):
        return {}
    return {"other_args": "", **{_ARGUMENTS[name]: value for name, value in zip(names, values)}}


def _queue_extra(left: dict[str, str]) -> list[str]:
    """Take the values of a site's own queue fields out of `left`, in order; a field that is not there is empty."""
    numbers = {name: name.removeprefix(QUEUE_EXTRA) for name in left if _is_extra(name)}
    found = {int(number): left.pop(name) for name, number in numbers.items() if number.isdigit()}
    return [found.get(number, "") for number in range(1, max(found, default=0) + 1)]


def _is_extra(name: str) -> bool:
    return name.startswith(QUEUE_EXTRA)


def _written(option: Option, value: Any) -> str:
    words = option.about.relion_values if isinstance(option.about, Param) else None
    if words and value in words:
        return words[value].split("|")[0]
    return as_text(value)


def _taken(cls: type, left: dict[str, str], path: str) -> dict[str, Any]:
    """Take the values of a class's options out of `left`."""
    taken: dict[str, Any] = {}
    for option in options(cls):
        present = [name for name in dict.fromkeys((*option.relion, option.name)) if name in left]
        texts = [left.pop(name) for name in present]
        if texts:
            taken[option.name] = _understood(option, texts[0], present[0], path)
    return {name: value for name, value in taken.items() if value is not _DEFAULT}


_DEFAULT = object()


def _understood(option: Option, text: str, name: str, path: str) -> Any:
    words = option.about.relion_values if isinstance(option.about, Param) else None
    if words:
        for ours, theirs in words.items():
            if any(_same(text, word) for word in theirs.split("|")) or _same(text, as_text(ours)):
                return ours
        allowed = ", ".join(repr(word.split("|")[0]) for word in words.values())
        raise UserError(f"{path}: {name} = {text!r} is not supported; it may be {allowed}")
    if option.choices and text not in option.choices:
        text = next((word for word in option.choices if _same(text, word)), text)
    if text.strip() == "" and inner_type(option.type) is not str and not option.required:
        return _DEFAULT
    return text


def unsupported(cls: type[Any], said: Mapping[str, str]) -> list[tuple[str, str]]:
    """The fixed options that a file sets to another value, with the value that is accepted."""
    fixed: Mapping[str, str] = {**FIXED_FOR_ALL, **cls.type.fixed}
    return [
        (name, wanted.split("|")[0])
        for name, wanted in fixed.items()
        if name in said and not any(_same(said[name], word) for word in wanted.split("|"))
    ]


def _same(one: str, other: str) -> bool:
    """Whether two texts mean the same: Yes and yes, 1 and 1.0, and blanks written as __ by the first releases of 3.1."""
    a, b = one.strip(), other.strip()
    if b.lower() in (a.lower(), a.lower().replace("__", " ")):
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False


def as_written(cls: type[Any], changed: Mapping[str, str], path: str) -> dict[str, str]:
    """Changes by our names or RELION's, as the names that stand in a file; a name of neither kind is an error."""
    ours: dict[str, Iterable[str]] = {}
    for option in (*options(cls), *options(Placement)):
        ours[option.name] = option.relion or (option.name,)
        ours.update(dict.fromkeys(option.relion, option.relion))
    others = {*cls.type.fixed, *cls.type.ignored, *FIXED_FOR_ALL, *COMPUTE_NAMES, SEED}
    written: dict[str, str] = {}
    for name, text in changed.items():
        plain = name.strip().lstrip("-").replace("-", "_")
        if plain not in ours and plain not in others and not _is_extra(plain):
            raise UserError(f"{path}: {cls.type.title} has no option {name!r}; it has {', '.join(n for n in ours)}")
        written.update(dict.fromkeys(ours.get(plain, (plain,)), text))
    return written
