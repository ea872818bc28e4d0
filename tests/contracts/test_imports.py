"""The walls: who may import whom (docs/architecture.md), no circles, and no torch where commands and forms are made."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from vitreous.jobs import BUILT_IN

SOURCE = Path(__file__).resolve().parents[2] / "src"
GROUND = {"param", "context"}
SETTINGS = "settings"  # methods/*/settings.py is a room of its own: a declaration may use it
NO_TORCH = ("torch", "numba", "triton")

# room: the rooms of ours that it may import, besides itself
MAY = {
    "param": set(),
    "context": set(),
    "tables": {"context"},
    "nodes": {"tables"},
    "maths": set(),
    "arrays": {"maths"},
    "files": {"tables", "context"},
    "methods": {"maths", "arrays", "tables", SETTINGS, *GROUND},
    SETTINGS: {"param"},
    "job": {"nodes", "files", *GROUND},
    "simulation": {"files", "tables", "maths.conventions", *GROUND},
    "jobs": {"job", "tables", "nodes", "files", "methods", "arrays", "maths", "simulation", SETTINGS, *GROUND},
    "run": {"job", "nodes", "files", *GROUND},
    "project": {"run", "job", "tables", "files", "nodes", *GROUND},
    "drawing": {"tables", "files", *GROUND},
    "notebook": {"drawing", "project", "run", "job", "tables", "files", "nodes", *GROUND},
    "demo": {"drawing", "project", "run", "job", "tables", "files", "nodes", "simulation", "maths", *GROUND},
    "web": {"project", "run", "job", "tables", "files", "nodes", *GROUND},
    "cli": {"web", "demo", "project", "run", "job", "tables", "files", "nodes", "simulation", *GROUND},
    "public": {
        "cli",
        "demo",
        "drawing",
        "notebook",
        "project",
        "run",
        "job",
        "jobs",
        "tables",
        "files",
        "nodes",
        "methods",
        "arrays",
        SETTINGS,
        *GROUND,
    },
}
TORCHLESS = {
    "drawing",
    "notebook",
    "param",
    "context",
    "tables",
    "nodes",
    "files",
    SETTINGS,
    "job",
    "jobs",
    "run",
    "project",
    "web",
    "cli",
    "public",
}
# where an import may stand inside a function
LAZY_ROOMS = {"jobs", "cli", "public"}
LAZY_FILES = {"vitreous.job.registry", "vitreous.run.team", "vitreous.demo"}


@dataclass(frozen=True)
class Import:
    """One import: the module it stands in, what it names, whether inside a function, whether for types only."""

    by: str
    what: str
    line: int
    inside: bool
    typing: bool


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    return name.removesuffix(".__init__")


def room_of(module: str) -> str:
    parts = module.split(".")
    if len(parts) == 1 or parts[1] == "__main__":
        return "public"
    if parts[1] == "methods" and parts[-1].startswith(SETTINGS):
        return SETTINGS
    return parts[1]


def imports_of(path: Path) -> Iterator[Import]:
    by = module_of(path)

    def walk(node: ast.AST, inside: bool, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(by, alias.name, child.lineno, inside, typing)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}:{child.lineno}: a relative import"
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    yield Import(by, whole if whole in MODULES else str(child.module), child.lineno, inside, typing)
            else:
                function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                checking = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
                yield from walk(child, inside or function, typing or checking)

    yield from walk(ast.parse(path.read_text()), False, False)


FILES = sorted((SOURCE / "vitreous").rglob("*.py"))
MODULES = {module_of(path) for path in FILES}
IMPORTS = [found for path in FILES for found in imports_of(path)]


def told(found: Import) -> str:
    return f"{found.by}:{found.line} imports {found.what}"


def test_every_room_imports_only_what_it_may():
    bad = []
    for found in IMPORTS:
        room = room_of(found.by)
        assert room in MAY, f"{found.by} lies in the room {room}, which the table does not know"
        if not found.what.startswith("vitreous") or found.typing:
            continue
        other = room_of(found.what)
        if other not in {room, *MAY[room]} and found.what.removeprefix("vitreous.") not in MAY[room]:
            bad.append(told(found))
    assert not bad, "\n".join(bad)


def test_jobs_import_no_other_job_and_methods_only_inside_bodies():
    bad = []
    for found in (f for f in IMPORTS if room_of(f.by) == "jobs" and not f.typing):
        other = room_of(found.what) if found.what.startswith("vitreous") else ""
        if other == "jobs" and found.by != "vitreous.jobs":
            bad.append(told(found))
        if other in ("methods", "arrays", "maths", "files", "simulation") and not found.inside:
            bad.append(told(found) + " at the top")
    assert not bad, "\n".join(bad)


def test_imports_inside_functions_stand_where_they_are_allowed():
    """Elsewhere only libraries that are slow to load, and our own modules that load numba at their top, for STAR files."""
    slow = {found.by for found in IMPORTS if found.what.split(".")[0] in NO_TORCH and not found.inside}
    bad = [
        told(found)
        for found in IMPORTS
        if found.inside
        and found.what.startswith("vitreous")
        and not (room_of(found.by) == "files" and found.what in slow)
        and room_of(found.by) not in LAZY_ROOMS
        and found.by not in LAZY_FILES
        and not (found.by.startswith("vitreous.maths.kernels.") and found.by.count(".") == 3)
    ]
    assert not bad, "\n".join(bad)


def test_no_torch_at_the_top_of_the_right_tower():
    bad = [
        told(found)
        for found in IMPORTS
        if room_of(found.by) in TORCHLESS and not found.inside and not found.typing and found.what.split(".")[0] == "torch"
    ]
    assert not bad, "\n".join(bad)


def test_reference_and_fast_kernels_do_not_know_each_other():
    bad = []
    for found in (f for f in IMPORTS if ".kernels." in f.by):
        mine, top = found.by.split(".")[-1], found.what.split(".")[0]
        if mine == "reference" and (".fast_" in found.what or top in ("numba", "triton")):
            bad.append(told(found))
        if mine.startswith("fast_") and found.what.endswith(".reference"):
            bad.append(told(found))
    assert not bad, "\n".join(bad)


def test_there_is_no_circle():
    edges: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in IMPORTS:
        if found.what in MODULES and not found.inside and not found.typing and found.what != found.by:
            edges[found.by].add(found.what)
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module in done:
            return
        for other in sorted(edges[module]):
            visit(other, (*path, module))
        done.add(module)

    for module in sorted(MODULES):
        visit(module, ())
    assert done == MODULES


def test_the_environment_is_read_at_the_border_only():
    allowed = ("vitreous.cli", "vitreous.maths.kernels.choose", "vitreous.run.places", "vitreous.run.team", "vitreous.run.engine")
    bad = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv"):
                bad.append(f"{module_of(path)}:{node.lineno} reads the environment")
    assert not [line for line in bad if not line.startswith(allowed)], "\n".join(bad)


def test_the_peer_has_no_name_in_the_mathematics():
    """In methods only as a setting's relion=; comments and docstrings of both say what is computed, not who else does."""
    bad = []
    for path in FILES:
        room = room_of(module_of(path))
        if room not in ("maths", "arrays", "methods", SETTINGS):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            rest = line.replace("relion=", "").replace("relion_values=", "") if room == SETTINGS else line
            if "relion" in rest.lower() and not (room == SETTINGS and "help=" in rest + "help=" * ("RELION" in rest)):
                bad.append(f"{path.relative_to(SOURCE)}:{number}: {line.strip()}")
    assert not bad, "\n".join(bad)


def fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    return done.stderr


@pytest.mark.parametrize(
    "modules", [["vitreous", "vitreous.cli"], [path.split(":")[0] for path in BUILT_IN]], ids=["cli", "jobs"]
)
def test_a_fresh_interpreter_loads_no_torch(modules):
    present = [module for module in modules if module in MODULES]
    assert len(present) > 1
    loaded = {line.rsplit("|", 1)[-1].strip() for line in fresh("import " + ", ".join(present)).splitlines()}
    assert present[-1] in loaded
    assert not loaded & {"torch", "numba", "scipy"}, "loaded: " + ", ".join(sorted(loaded & {"torch", "numba", "scipy"}))


def test_help_is_quick():
    """CPU seconds of `vitreous --help` in a fresh process, the best of a few."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'vitreous', '--help'], check=True, stdout=subprocess.DEVNULL)\n"
        "u = resource.getrusage(resource.RUSAGE_CHILDREN); print(u.ru_utime + u.ru_stime)"
    )
    spent = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) for _ in range(3)
    )
    assert spent < 0.4
