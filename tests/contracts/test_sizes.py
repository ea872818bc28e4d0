"""Files, functions and argument lists stay small enough to read, and names say what a thing is."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, FUNCTION_LINES, ARGUMENTS = 600, 60, 9
DICTIONARIES = ("columns.py", "conventions.py")
ROOMS = {"utils", "util", "helpers", "helper", "common", "misc", "core", "base", "manager", "stuff"}
SUFFIX = re.compile(r"_(old|new|v2|v3|fast2|copy|backup|tmp|final)$")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b")
FILES = sorted((ROOT / "src").rglob("*.py")) + sorted((ROOT / "bench").rglob("*.py"))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in FILES}


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def test_files_are_short():
    long = {short(path): path.read_text().count("\n") + 1 for path in FILES if path.name not in DICTIONARIES}
    assert not {name: lines for name, lines in long.items() if lines > FILE_LINES}


def test_functions_are_short_and_take_few_arguments(trees):
    bad = []
    for path, tree in trees.items():
        for node in functions(tree):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            count = len(arguments) - (arguments[:1] in (["self"], ["cls"]))
            compiled = any("jit" in ast.unparse(decorator) for decorator in node.decorator_list)
            if lines > FUNCTION_LINES:
                bad.append(f"{short(path)}:{node.lineno}: {node.name} has {lines} lines")
            if count > ARGUMENTS and not compiled:  # compiled code takes arrays and numbers only, no settings
                bad.append(f"{short(path)}:{node.lineno}: {node.name} takes {count} arguments")
    assert not bad, "\n".join(bad)


def test_rooms_and_files_have_names_of_their_own():
    bad = [
        short(path)
        for path in FILES
        if path.stem in ROOMS or ROOMS & set(path.relative_to(ROOT).parts) or SUFFIX.search(path.stem)
    ]
    assert not bad


def test_every_file_says_what_it_is_for(trees):
    bad = []
    for path, tree in trees.items():
        said = ast.get_docstring(tree)
        if said is None and len(tree.body) > 0:
            bad.append(f"{short(path)} says nothing")
        if path.is_relative_to(ROOT / "src") and said and len(said.splitlines()) > 5 and path.name not in DICTIONARIES:
            bad.append(f"{short(path)} says more than five lines")
    assert not bad, "\n".join(bad)


def test_nothing_is_left_unfinished_and_no_path_is_of_one_machine():
    bad = []
    for path in FILES:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if UNFINISHED.search(line):
                bad.append(f"{short(path)}:{number}: {line.strip()}")
            if path.is_relative_to(ROOT / "src") and re.search(r"[\"'](/home/|/Users/|/tmp/|/data/|/opt/|C:\\)", line):
                bad.append(f"{short(path)}:{number}: {line.strip()}")
    assert not bad, "\n".join(bad)


def test_no_error_is_swallowed(trees):
    bad = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))
            if broad and all(isinstance(step, (ast.Pass, ast.Continue)) for step in node.body):
                bad.append(f"{short(path)}:{node.lineno}")
    assert not bad
