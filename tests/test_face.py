"""The public face: every name loads, the page lists it, and what the page shows runs."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vitreous

PAGE = Path(__file__).resolve().parents[1] / "docs" / "python.md"
TABLE = "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n1 300.000000\n"


@pytest.mark.parametrize("name", vitreous.__all__)
def test_a_name_of_the_face_loads_and_says_what_it_is(name):
    value = getattr(vitreous, name)
    assert value.__doc__ and value.__module__.startswith("vitreous.")


def test_names_are_sorted_and_seen():
    assert list(vitreous.__all__) == sorted(vitreous.__all__)
    assert set(vitreous.__all__) <= set(dir(vitreous))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = vitreous.no_such_name


def test_names_hide_no_room():
    """A name that is also a room of the package would change its meaning when the room is loaded."""
    rooms = {path.stem for path in Path(vitreous.__file__).parent.iterdir()}
    assert not rooms & set(vitreous.__all__)


def test_the_page_lists_every_name_and_no_other():
    listed = re.findall(r"`(\w+)`", PAGE.read_text().partition("## All names")[2])
    assert sorted(listed) == list(vitreous.__all__)


def test_importing_and_reading_tables_loads_no_torch(tmp_path):
    (tmp_path / "a.star").write_text(TABLE)
    code = (
        "import sys, vitreous\n"
        "vitreous.write_star('b.star', vitreous.read_tables('a.star'))\n"
        "print('torch' in sys.modules, vitreous.read_tables('b.star')['optics']['voltage_kV'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == "False [300.]\n"


@pytest.mark.slow
def test_the_page_runs(tmp_path, monkeypatch):
    """All blocks of the page, one after the other, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 5
    known: dict[str, object] = {}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"{PAGE.name}, block {number}", "exec"), known)
    state = known["state"]
    assert state.iteration >= 1 and np.isfinite(state.resolution_A)
    assert (tmp_path / "again.star").read_bytes() == (tmp_path / "high.star").read_bytes()
