"""A declaration as a page of reference: what the job does, its options with units and limits, RELION's names, its outputs."""

from typing import Any

from vitreous.job.as_form import limits
from vitreous.job.declare import outputs
from vitreous.job.options import Option, as_text, options
from vitreous.param import Param


def page(cls: type[Any]) -> str:
    """The reference page of a job type in Markdown."""
    kind = cls.type
    lines = [
        f"# {kind.title}",
        "",
        _paragraph(cls.__doc__ or ""),
        "",
        f"Command `vitreous {kind.command}`, RELION's type `{kind.label}` ({kind.number}), folder `{kind.folder}/`, version "
        f"{kind.version}.",
        "",
        "Made from the declaration by `python -m vitreous.job.pages`; edit the declaration, not this page.",
    ]
    tabs: dict[str, list[Option]] = {}
    for option in options(cls):
        tabs.setdefault(option.tab, []).append(option)
    for tab, listed in tabs.items():
        lines += ["", f"## {tab}", "", "| option | default | meaning | RELION |", "|---|---|---|---|"]
        lines += [_row(option) for option in listed]
    lines += ["", "## Outputs", "", "| file | kind | meaning |", "|---|---|---|"]
    lines += [f"| `{out.name}` | {out.kind} | {_cell(out.help)} |" for out in outputs(cls).values()]
    if kind.fixed:
        lines += ["", "## RELION's options that are accepted at one value only", ""]
        lines += [f"- `{name}` = {_fixed(value)}" for name, value in sorted(kind.fixed.items())]
    if kind.ignored:
        lines += ["", "## RELION's options that cannot change the result here", ""]
        lines.append(", ".join(f"`{name}`" for name in sorted(kind.ignored)))
    return "\n".join(lines) + "\n"


def _fixed(value: str) -> str:
    return " or ".join(f"`{word}`" if word else "empty" for word in value.split("|"))


def _row(option: Option) -> str:
    default = "required" if option.required else f"`{as_text(option.default)}`" if as_text(option.default) else "empty"
    relion = ", ".join(f"`{name}`" for name in option.relion) or "-"
    return f"| `{option.flag}` | {_cell(default + _unit(option))} | {_cell(_meaning(option))} | {relion} |"


def _unit(option: Option) -> str:
    return f" {option.about.unit}" if isinstance(option.about, Param) and option.about.unit else ""


def _meaning(option: Option) -> str:
    said = option.about.help.rstrip()
    facts = []
    if option.choices:
        facts.append("one of " + ", ".join(f"`{word}`" for word in option.choices))
    kept = limits(option)
    if kept:
        facts.append(" and ".join(f"at {'least' if name == 'minimum' else 'most'} {value:g}" for name, value in kept.items()))
    if option.when:
        facts.append(f"with `--{option.when.replace('_', '-')}`")
    if option.is_input:
        facts.append(f"a file of kind {option.input_kind}")
    stop = "" if said.endswith((".", "?", "!")) else "."
    return f"{said}{stop} ({'; '.join(facts)})" if facts else f"{said}{stop}"


def _paragraph(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
