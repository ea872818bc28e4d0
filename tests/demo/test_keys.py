"""The steps of the demonstration take the files of a continued run by the names that they have."""

from pathlib import Path

import pytest

from vitreous.demo import keys
from vitreous.demo.settings import DemoSettings
from vitreous.demo.steps import STEPS, session_of


@pytest.mark.parametrize("last, root", [("run_it004", "run"), ("run_ct4_it006", "run_ct4")])
def test_the_last_files_of_a_refinement(tmp_path, monkeypatch, last, root):
    monkeypatch.chdir(tmp_path)
    refined = Path("Refine3D/job009")
    refined.mkdir(parents=True)
    for name in ("run_it003", "run_it004", last):
        (refined / f"{name}_optimiser.star").touch()
    assert keys.last_iteration(refined) == f"Refine3D/job009/{last}"
    assert keys.last_root(refined) == f"Refine3D/job009/{root}"
    step = next(step for step in STEPS if step.alias == "masked")
    words = step.arguments(session_of(DemoSettings()), {"refined": str(refined)})
    assert words[:2] == ["--map", f"Refine3D/job009/{root}_class001.mrc"]


def test_a_job_that_has_not_run(tmp_path):
    assert keys.last_iteration(tmp_path) == ""
    assert keys.last_root(tmp_path) == str(tmp_path / "run")
