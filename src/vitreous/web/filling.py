"""The values a form opens with, and where each comes from: defaults, what was last used, a job, its outputs, the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.declare import CONTINUE_FROM
from vitreous.job.options import Option, as_text, options, value_of
from vitreous.job.placement import placement_options
from vitreous.project import last_used
from vitreous.project.graph_model import Graph
from vitreous.run.places import environment
from vitreous.web.offers import each_offer, fits
from vitreous.web.opened import Opened

SEED = "seed"
ANSWER = "answer"


@dataclass
class Filled:
    """Values by option as texts, where each comes from, and what was last used here."""

    values: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def take(self, values: Mapping[str, str], origin: str) -> None:
        """Put values in, with where they come from; those that say the same as before keep their origin."""
        for name, text in values.items():
            if name in self.values and self.values[name] != text:
                self.values[name] = text
                self.origins[name] = origin


def all_options(cls: type[Any]) -> dict[str, Option]:
    """The options of a job type and of its placement by name."""
    return {option.name: option for option in (*options(cls), *placement_options(cls))}


def texts(loaded: as_star.Loaded) -> dict[str, str]:
    """A loaded job as texts by option, with its placement and seed."""
    said = {option.name: as_text(value_of(loaded.job, option)) for option in options(type(loaded.job))}
    placed = placement_options(type(loaded.job))
    return said | {option.name: as_text(value_of(loaded.placement, option)) for option in placed} | {SEED: str(loaded.seed)}


def defaults(cls: type[Any]) -> dict[str, str]:
    """The default of every option as text; empty where one must be given. A site's own come before ours."""
    found = {name: "" if option.required else as_text(option.default) for name, option in all_options(cls).items()}
    site = {name: as_text(value) for name, value in environment.site_defaults().items() if name in found}
    return {**found, **site, SEED: "0"}


def fresh(here: Opened, cls: type[Any], graph: Graph) -> Filled:
    """A form as last used in this project, with the newest fitting file where one must be given."""
    filled = Filled(defaults(cls))
    filled.origins = dict.fromkeys(filled.values, "default")
    try:
        path = last_used.last(here.project.layout, cls)
        if path:
            filled.last = texts(as_star.load(path, cls=cls))
    except UserError as error:
        filled.note = f"What was last used here cannot be taken over: {error}"
    filled.take({name: text for name, text in filled.last.items() if name not in (CONTINUE_FROM, ANSWER, SEED)}, "last")
    for option in options(cls):
        if option.is_input and option.required and option.name != CONTINUE_FROM:
            _newest(here, filled, option, graph)
    return filled


def _newest(here: Opened, filled: Filled, option: Option, graph: Graph) -> None:
    """The newest output of the type of job whose output was last used, else the newest that fits."""
    before = filled.last.get(option.name, "").partition("/")[0]
    newest = ""
    for one in each_offer(here, graph, option.input_kind):
        newest = newest or one.path
        if not before or one.name.partition("/")[0] == before:
            newest = one.path
            break
    if newest:
        filled.take({option.name: newest}, "newest")


def copied(here: Opened, filled: Filled, name: str) -> None:
    """The values of a job of the same type; a copy begins anew, so that it neither goes on nor has an answer."""
    said = texts(here.project.loaded(name))
    filled.take({key: text for key, text in said.items() if key not in (CONTINUE_FROM, ANSWER)}, "job")


def fed(here: Opened, filled: Filled, cls: type[Any], graph: Graph, name: str) -> None:
    """The outputs of a job, or of the nearest job that it goes back to, in the slots they fit."""
    order = [name, *reversed(graph.ancestors(name))]
    for option in options(cls):
        if not option.is_input or option.name == CONTINUE_FROM:
            continue
        if not option.required and not any(
            fits(graph.nodes[n].label, option.input_kind) for n in graph.outputs_of(name) if n in graph.nodes
        ):
            continue
        for job in order:
            made = next((one.path for one in each_offer(here, graph, option.input_kind, job) if f"{one.name}/" == job), "")
            if made:
                filled.take({option.name: made}, "from")
                break


def linked(filled: Filled, cls: type[Any], asked: Mapping[str, str]) -> None:
    """What the address says: in.particles=... for slots, v.classes=... for any setting. Unknown names are told."""
    said, unknown = {}, []
    for word, text in asked.items():
        head, _, name = word.partition(".")
        if head not in ("in", "v") or not name:
            continue
        if name in filled.values:
            said[name] = text
        elif head == "in" and (found := _slot_of(cls, name)):
            said[found] = text
        else:
            unknown.append(name)
    filled.take(said, "link")
    if unknown:
        filled.note = f"The address names settings that this type does not have: {', '.join(sorted(unknown)[:5])}."


def _slot_of(cls: type[Any], word: str) -> str:
    """The first slot that takes a kind of file: in.particles for a type whose slot has another name."""
    return next((option.name for option in options(cls) if option.is_input and option.input_kind.partition(".")[0] == word), "")
