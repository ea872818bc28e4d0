"""A declaration as a command line: an argparse parser with units, defaults and limits in its help, and arguments both ways."""

import argparse
import difflib
from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn

from vitreous.context import UserError
from vitreous.job.declare import Input
from vitreous.job.options import Option, as_text, build, inner_type, options, value_of
from vitreous.param import Param

UNITS = ("_e_A2", "_1_A", "_A2", "_A", "_deg", "_px", "_kV", "_mm", "_GB", "_kDa", "_mrad")
"""Units at the end of names, the longer ones first."""

SHORT_WORDS = {"symmetry": "sym"}
"""Words that have a customary short form in flags: --sym for --symmetry, in every job."""


class _Switch(argparse.Action):
    """--flag, --no-flag, and --flag Yes|No|true|false."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        negative = bool(option_string and option_string.startswith("--no-"))
        word = str(values).lower() if values is not None else "yes"
        if word not in ("yes", "true", "1", "no", "false", "0"):
            parser.error(f"{option_string} takes Yes or No, not {values!r}")
        setattr(namespace, self.dest, (word in ("yes", "true", "1")) != negative)


def help_of(option: Option) -> str:
    """The help of one option with its unit, default, choices and limits."""
    what = option.about
    facts = []
    if isinstance(what, Param):
        if what.unit:
            facts.append(what.unit)
        if option.choices:
            facts.append(" | ".join(option.choices))
        if what.low is not None and what.high is not None:
            facts.append(f"usual {as_text(what.low)} to {as_text(what.high)}")
        if option.when:
            facts.append(f"with --{option.when.replace('_', '-')}")
    if option.required:
        facts.append("required")
    elif option.default not in ("", None):
        facts.append(f"default {as_text(option.default)}")
    said = f"{what.help} [{', '.join(facts)}]" if facts else what.help
    return said.replace("%", "%%")


def metavar_of(option: Option) -> str:
    """The word in place of a value: FILE, N, X, or the unit."""
    if isinstance(option.about, Input):
        return "FILE"
    plain = inner_type(option.type)
    return {int: "N", float: "X", str: "TEXT", bool: "Yes|No"}.get(plain, "VALUE") if not option.choices else "WORD"


def short_flags(cls: type) -> dict[str, str]:
    """Second spellings by option name, where no other flag is the same: --min-defocus of --min-defocus-a, --sym of --symmetry."""
    found = {}
    for option in options(cls):
        unit = next((unit for unit in UNITS if option.name.endswith(unit)), "")
        words = option.name.removesuffix(unit).lower().split("_")
        found[option.name] = "--" + "-".join(SHORT_WORDS.get(word, word) for word in words)
    often = Counter([*found.values(), *(option.flag for option in options(cls) if option.flag != found[option.name])])
    return {
        option.name: found[option.name]
        for option in options(cls)
        if found[option.name] != option.flag and often[found[option.name]] == 1
    }


def add_options(parser: argparse.ArgumentParser, cls: type, only: Sequence[Option] | None = None) -> None:
    """Add every option of a job or settings class (or `only` some) to a parser, a group of arguments for each tab."""
    groups: dict[str, Any] = {}
    short = short_flags(cls)
    for option in options(cls) if only is None else only:
        if option.tab not in groups:
            groups[option.tab] = parser.add_argument_group(option.tab)
        common: dict[str, Any] = {
            "dest": option.name,
            "default": argparse.SUPPRESS,
            "help": help_of(option),
            "metavar": metavar_of(option),
        }
        if inner_type(option.type) is bool:
            flags = [option.flag, "--no-" + option.flag[2:]]
            groups[option.tab].add_argument(*flags, action=_Switch, nargs="?", **common)
        else:
            flags = [option.flag, *filter(None, [short.get(option.name)])]
            groups[option.tab].add_argument(*flags, required=option.required, **common)


class _Parser(argparse.ArgumentParser):
    """A parser that names the options which come closest to an unknown one."""

    def error(self, message: str) -> NoReturn:
        word = next((part for part in message.split() if message.startswith("unrecognized") and part.startswith("--")), "")
        known = [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]
        stem = word.partition("=")[0]
        near = dict.fromkeys(
            [*difflib.get_close_matches(stem, known, 3), *(flag for flag in known if stem[2:] and stem[2:] in flag)]
        )
        super().error(f"{message} (did you mean {' or '.join(list(near)[:4])}?)" if word and near else message)


def parser(cls: type, prog: str) -> argparse.ArgumentParser:
    """The parser of a job or settings class."""
    made = _Parser(
        prog=prog,
        usage=f"{prog.replace('%', '%%')} [--option value ...]",
        description=(cls.__doc__ or "").strip(),
        allow_abbrev=False,
        formatter_class=_Formatter,
        epilog=_second_spellings(cls),
    )
    add_options(made, cls)
    return made


def _second_spellings(cls: type) -> str | None:
    """What help says below all options, where there is anything to say."""
    second = short_flags(cls)
    worded = [f"{second[option.name]} for {option.flag}" for option in options(cls) if _worded(option) and option.name in second]
    lines = ["A unit at the end of an option's name may be left out: --min-defocus for --min-defocus-a."]
    lines = lines if len(second) > len(worded) else []
    return " ".join([*lines, *(f"{line} is understood." for line in worded)]) or None


def _worded(option: Option) -> bool:
    return inner_type(option.type) is not bool and any(word in SHORT_WORDS for word in option.name.split("_"))


class _Formatter(argparse.HelpFormatter):
    """Help as wide as the terminal up to 120 columns, explanations from column 30."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)
        self._width = min(self._width, 120)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """The flag with its value; the spelling without unit is told once, below all options."""
        if isinstance(action, _Switch):
            return ", ".join(action.option_strings)
        if isinstance(action.metavar, str) and action.dest not in ("help", "out"):
            return f"{action.option_strings[0]} {action.metavar}"
        return super()._format_action_invocation(action)


def to_arguments(declared: Any) -> list[str]:
    """The arguments that give this job or settings object again; values at their default are left out."""
    arguments: list[str] = []
    for option in options(type(declared)):
        value = value_of(declared, option)
        if not option.required and value == option.default:
            continue
        if inner_type(option.type) is bool:
            arguments.append(option.flag if value else "--no-" + option.flag[2:])
        else:
            arguments.append(f"{option.flag}={as_text(value)}")
    return arguments


def from_arguments(cls: type, arguments: Sequence[str], prog: str = "vitreous") -> Any:
    """The job or settings object of an argument list. A wrong name ends the program with code 2, a wrong value is a UserError."""
    return build(cls, vars(parser(cls, prog).parse_args(list(arguments))))


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """name=value texts as a dictionary."""
    found = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if not mark or not name.strip():
            raise UserError(f"--set {text!r} is not of the form name=value")
        found[name.strip()] = value.strip()
    return found
