"""Changes of a Scheme at rest: reset, variables, options and modes of its jobs, the current node, and new parts."""

from collections.abc import Mapping
from dataclasses import replace

from vitreous.context import UserError
from vitreous.files import atomic, star
from vitreous.job import as_star
from vitreous.project.schemes import operators, scheme_file, visit
from vitreous.project.schemes.folder import SchemeFolder, named
from vitreous.project.schemes.model import UNDEFINED, Edge, Operator, Scheme, SchemeJob, Value, Variable, guessed


def reset(folder: SchemeFolder, scheme: Scheme) -> None:
    """Every variable to its reset value, every job as never started, and back to the first node."""
    for name, variable in scheme.variables.items():
        scheme.variables[name] = replace(variable, value=variable.reset)
    for name, job in scheme.jobs.items():
        scheme.jobs[name] = replace(job, name=job.original, has_started=False)
    scheme.current = scheme.first_node
    visit.end(folder)


def set_variable(scheme: Scheme, name: str, text: str, *, also_reset: bool = False) -> Value:
    """Give a variable a value, of its own type; also_reset: a reset will give it that value too. Gives the value."""
    variable = scheme.variable(name)
    value = scheme_file.typed(text, variable.kind, f"{scheme.name}: the variable {name}")
    scheme.variables[name] = Variable(value, value if also_reset else variable.reset)
    return value


def set_option(folder: SchemeFolder, scheme: Scheme, job: str, option: str, text: str) -> list[str]:
    """Change an option in the job.star of a job. It and the jobs after it count as not started; gives their names."""
    if job not in scheme.jobs:
        raise UserError(f"{scheme.name} has no job {job!r}; it has {', '.join(scheme.jobs) or 'none'}")
    path = folder.job_star(job)
    file = as_star.read(path)
    cls = as_star.job_class(file)
    known = set(as_star.as_written(cls, {option: text}, str(path)))
    blocks = star.read(path)
    values = blocks["joboptions_values"]
    names = [str(name) for name in values["rlnJobOptionVariable"]]
    cells = [str(cell) for cell in values["rlnJobOptionValue"]]
    for name in sorted(known & set(names) or known):
        if name in names:
            cells = [text if n == name else cell for n, cell in zip(names, cells)]
        else:
            names, cells = [*names, name], [*cells, text]
    changed = star.loop_block(values.name, {"rlnJobOptionVariable": names, "rlnJobOptionValue": cells}, values.comments)
    blocks.blocks = [changed if block is values else block for block in blocks]
    star.write(path, blocks)
    again = [name for name in scheme.jobs if name == job or name in scheme.downstream(job)]
    again = [name for name in again if scheme.jobs[name].has_started]
    for name in again:
        scheme.jobs[name] = replace(scheme.jobs[name], has_started=False)
    visit.end(folder)
    return again


def set_node(folder: SchemeFolder, scheme: Scheme, node: str) -> None:
    """Let the next run begin at a node."""
    if not scheme.is_node(node):
        raise UserError(f"{scheme.name} has no node {node!r}; it has {', '.join((*scheme.operators, *scheme.jobs))}")
    scheme.current = node
    visit.end(folder)


def set_mode(scheme: Scheme, job: str, mode: str) -> None:
    """new: a job of its own at each pass; continue: the same job goes on; overwrite (3.1): the same job from the beginning."""
    if job not in scheme.jobs:
        raise UserError(f"{scheme.name} has no job {job!r}; it has {', '.join(scheme.jobs) or 'none'}")
    allowed = scheme_file.MODES if scheme.flavour == "schedule" else scheme_file.MODES[:2]
    if mode not in allowed:
        raise UserError(f"{scheme.name}: the mode {mode!r} is none; it may be {', '.join(allowed)}")
    scheme.jobs[job] = replace(scheme.jobs[job], mode=mode)


def add_variable(scheme: Scheme, name: str, text: str) -> Value:
    """A new variable: a number, true or false, else a string."""
    _is_free(scheme, name, scheme.variables)
    value = guessed(text)
    scheme.variables[name] = Variable(value, value)
    return value


def add_operator(scheme: Scheme, operator: Operator) -> str:
    """A new operator; without a name it gets one of its type and variables, as n=PLUS_n_one. Gives it."""
    name = operator.name or _operator_name(operator)
    _is_free(scheme, name, {**scheme.operators, **scheme.jobs})
    scheme.operators[name] = replace(operator, name=name)
    wrong = [said for said in operators.faults(scheme) if said.startswith(f"the operator {name} ")]
    if wrong:
        del scheme.operators[name]
        raise UserError(f"{scheme.name}: {wrong[0]}")
    return name


def add_job(folder: SchemeFolder, scheme: Scheme, name: str, job_star: str, mode: str) -> None:
    """A new job, whose options are those of a job.star."""
    _is_free(scheme, name, {**scheme.operators, **scheme.jobs})
    as_star.job_class(as_star.read(job_star))
    scheme.jobs[name] = SchemeJob(name, name)
    set_mode(scheme, name, mode)
    with open(job_star, "rb") as source:
        atomic.write_bytes(folder.job_star(name), source.read())


def add_edge(scheme: Scheme, edge: Edge) -> None:
    """A new edge or fork between nodes that are there."""
    scheme.edges.append(edge)
    wrong = list(scheme.faults())
    if wrong:
        scheme.edges.pop()
        raise UserError(f"{scheme.name}: {wrong[0]}")
    if scheme.current == UNDEFINED:
        scheme.current = scheme.first_node


def _operator_name(operator: Operator) -> str:
    word = operator.type.partition("=")[2] or operator.type
    if word in ("exit", "exit_maxtime", "wait"):
        return word.upper()
    parts = [word.upper(), *(p for p in (operator.input1, operator.input2) if p != UNDEFINED)]
    prefix = f"{operator.output}=" if operator.output != UNDEFINED else ""
    return prefix + "_".join(parts)


def _is_free(scheme: Scheme, name: str, taken: Mapping[str, object]) -> None:
    if named(name) in taken:
        raise UserError(f"{scheme.name} has {name} already")
