"""Every job, option, column, function and room has its words."""

import ast
import re
from pathlib import Path

import pytest

from vitreous.job import registry
from vitreous.job.declare import outputs
from vitreous.job.options import options
from vitreous.jobs import BUILT_IN
from vitreous.tables.columns import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "vitreous"
FILES = sorted(SOURCE.rglob("*.py"))
UNITS = {"e_A2": "e/Å2", "1_A2": "1/Å2", "1_A": "1/Å", "1_px": "1/px", "A": "Å", "A2": "Å2", "deg": "°", "mrad": "mrad"}
UNITS |= {"px": "px", "mm": "mm", "kV": "kV", "kDa": "kDa", "GB": "GB", "s": "s"}


@pytest.mark.parametrize("path", BUILT_IN)
def test_a_job_its_options_and_outputs_say_what_they_are(path):
    cls = registry.load(path)
    said = (cls.__doc__ or "").strip()
    assert 20 <= len(said.splitlines()[0]) <= 120, f"{path}: {said!r}"
    bad = [o.flag for o in options(cls) if len(o.about.help.strip()) < 12 or o.about.help.strip()[-1:] in ",;:"]
    assert not bad, f"without a sentence of help: {bad}"
    # an external program says itself what it made
    assert outputs(cls) or cls.type.label == "relion.external", f"{path} declares no outputs"


def unit_of(name: str) -> str | None:
    """The unit that a name ends in, None without one."""
    return next((unit for ending, unit in UNITS.items() if name.endswith("_" + ending)), None)


@pytest.mark.parametrize("path", BUILT_IN)
def test_a_unit_in_an_option_name_is_its_unit(path):
    bad = []
    for option in options(registry.load(path)):
        unit = unit_of(option.name)
        if unit and getattr(option.about, "unit", "") != unit:
            bad.append(f"{option.flag} has the unit {option.about.unit!r}, not {unit!r}")
    assert not bad, "\n".join(bad)


def test_columns_are_complete_and_unique():
    assert len({c.name for c in COLUMNS}) == len({c.label for c in COLUMNS}) == len(COLUMNS)
    bad = [
        c.name for c in COLUMNS if len(c.meaning.strip()) < 8 or not c.label or not re.fullmatch(r"[a-z][A-Za-z0-9_]*", c.name)
    ]
    assert not bad
    wrong = [c.name for c in COLUMNS if c.type == "float" and unit_of(c.name) and c.unit != unit_of(c.name)]
    assert not wrong


def test_public_functions_and_classes_have_a_docstring():
    bad = []
    for path in FILES:
        for node in ast.parse(path.read_text()).body:
            named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")
            if named and not ast.get_docstring(node):
                bad.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}")
    assert not bad, "\n".join(bad)


def test_every_room_says_what_it_is_for():
    packages = [path for path in FILES if path.name == "__init__.py"]
    silent = [str(path.relative_to(ROOT)) for path in packages if not ast.get_docstring(ast.parse(path.read_text()))]
    without = [
        str(d.relative_to(ROOT))
        for d in SOURCE.rglob("*")
        if d.is_dir() and any(d.glob("*.py")) and not (d / "__init__.py").is_file()
    ]
    assert not silent + without


def test_documents_and_messages_name_no_machine():
    bad = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *FILES]:
        for number, line in enumerate(page.read_text().splitlines(), 1):
            if re.search(r"(?<![\w.])/(work|home|Users)/", line):
                bad.append(f"{page.relative_to(ROOT)}:{number}")
    assert not bad, "\n".join(bad)
