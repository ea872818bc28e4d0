"""Picking by hand: edits on top of other picks, thresholds, files in both conventions, repeated from the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import coordinates, mrc, star
from vitreous.jobs.extract import Extract
from vitreous.jobs.manual_pick import ManualPick
from vitreous.methods.extraction.settings import Windows
from vitreous.methods.picking import edited
from vitreous.run.asking import question_of
from vitreous.tables.table import Table

NAMES = [f"MotionCorr/job002/Movies/{name}.mrc" for name in "ab"]
FOLDER = "ManualPick/job004"
OLDER = [(40.0, 50.0, 1.0), (60.0, 50.0, 0.9), (120.0, 80.0, 0.5), (200.0, 150.0, 0.2)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two micrographs, of which the first has four picks with scores."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    for name in NAMES:
        mrc.write_image(name, rng.normal(0, 1, (256, 300)).astype(np.float32), pixel_size_A=1.5)
    optics = {"optics_group_name": ["a"], "optics_group": [1], "micrograph_pixel_size_A": [1.5], "voltage_kV": [300.0]}
    optics |= {"cs_mm": [2.7], "amplitude_contrast": [0.1]}
    columns = {"micrograph": np.array(NAMES, object), "optics_group": [1, 1], "defocus_u_A": [9000.0, 12000.0]}
    columns |= {"defocus_v_A": [8800.0, 11800.0], "defocus_angle_deg": [10.0, 20.0], "ctf_fom": [0.2, 0.3]}
    star.write_table("micrographs_ctf.star", Table(columns, "micrographs", Table(optics, "optics")))
    x, y, fom = (np.array(values) for values in zip(*OLDER, strict=True))
    file = "AutoPick/job003/Movies/a_autopick.star"
    coordinates.write(
        file, Table({"x_px": x, "y_px": y, "pick_fom": fom, "class_number": np.zeros(4, int), "psi_deg": np.zeros(4)})
    )
    coordinates.write_list("AutoPick/job003/autopick.star", {NAMES[0]: file})
    return tmp_path


def answer(micrographs: dict[str, Any], **more: Any) -> str:
    """Write an answer; gives its path."""
    Path("a.json").write_text(json.dumps({"kind": "picks", "micrographs": micrographs, **more}))
    return "a.json"


def carry_out(folder: str = FOLDER, **options: Any) -> list[dict[str, Any]]:
    job = ManualPick(micrographs="micrographs_ctf.star", **options)
    context = Context(folder=Path(folder), seed=1)
    records = [job.work(unit, context) for unit in job.units(context)]
    job.gather(records, context)
    return records


def places(path: str) -> list[tuple[float, float]]:
    table = coordinates.read(path)
    return list(zip(table["x_px"].tolist(), table["y_px"].tolist(), strict=True))


def test_it_asks_until_it_is_answered() -> None:
    assert question_of(ManualPick(micrographs="m.star")) == "picks"
    assert question_of(ManualPick(micrographs="m.star", answer="a.json")) == ""


def test_picks_from_nothing_are_written_as_relion_does(project: Path) -> None:
    """Only micrographs with picks have a file; score, class and angle are -999; the list, the suffix file, the micrographs."""
    carry_out(answer=answer({NAMES[1]: {"added": [[10, 20.5], [30, 40]]}}))
    file = f"{FOLDER}/Movies/b_manualpick.star"
    assert places(file) == [(10, 20.5), (30, 40)]
    table = coordinates.read(file)
    assert [set(table[name].tolist()) for name in ("pick_fom", "class_number", "psi_deg")] == [{-999}] * 3
    assert not Path(f"{FOLDER}/Movies/a_manualpick.star").exists()
    assert coordinates.files_of(f"{FOLDER}/manualpick.star", NAMES) == {NAMES[1]: Path(file)}
    assert coordinates.files_of(f"{FOLDER}/coords_suffix_manualpick.star", NAMES) == {NAMES[1]: Path(file)}
    assert list(star.read_table(f"{FOLDER}/micrographs_selected.star", "micrographs")["micrograph"]) == NAMES


def test_edits_on_top_of_other_picks(project: Path) -> None:
    """One removed, a circle erased, one added inside that circle; what is kept keeps its score."""
    change = {"removed": [[60, 50]], "erased": [[122, 82, 5]], "added": [[121, 81]]}
    carry_out(answer=answer({NAMES[0]: change}), start_from="AutoPick/job003/autopick.star")
    table = coordinates.read(f"{FOLDER}/Movies/a_manualpick.star")
    assert places(f"{FOLDER}/Movies/a_manualpick.star") == [(40, 50), (200, 150), (121, 81)]
    assert table["pick_fom"].tolist() == [1.0, 0.2, -999]


@pytest.mark.parametrize(
    ("options", "threshold", "left"),
    [
        ({}, {"least": 0.5}, 3),
        ({}, {"least": 0.5, "most": 0.95}, 2),
        ({"by_score": True, "least_score": 0.95}, {"least": 0.5}, 1),
        ({}, {"min_distance_A": 31}, 3),
        ({}, {"min_distance_A": 29}, 4),
        ({}, {"least": None, "most": None, "min_distance_A": None}, 4),
    ],
)
def test_thresholds(project: Path, options: dict[str, Any], threshold: dict[str, Any], left: int) -> None:
    """By score from both sides, by the option, and by distance: picks at 20 px, 30 Å, of which the better stays."""
    carry_out(answer=answer({}, threshold=threshold), start_from="AutoPick/job003/autopick.star", **options)
    kept = places(f"{FOLDER}/Movies/a_manualpick.star")
    assert len(kept) == left
    assert threshold.get("most") == 0.95 or (40, 50) in kept


def test_distances_as_by_comparing_all_pairs() -> None:
    """The grid finds what a plain double loop finds."""
    rng = np.random.default_rng(3)
    spots, scores = rng.uniform(0, 400, (300, 2)), rng.normal(size=300)
    kept = edited.within(spots, scores, edited.Limits(), min_distance_px=25)
    plain: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if all(np.hypot(*(spots[index] - spots[other])) >= 25 for other in plain):
            plain.append(int(index))
    assert sorted(plain) == np.flatnonzero(kept).tolist()


def test_picks_without_a_score_stay_whatever_the_limits() -> None:
    """As the window shows them: a figure of merit that is no number says nothing against a pick."""
    spots, scores = np.array([[10.0, 10], [50, 50], [90, 90]]), np.array([np.nan, 0.2, 0.9])
    assert edited.within(spots, scores, edited.Limits(), min_distance_px=0).tolist() == [True, True, True]
    assert edited.within(spots, scores, edited.Limits(least=0.5), min_distance_px=0).tolist() == [True, False, True]


def test_another_answer_does_only_what_it_changes(project: Path) -> None:
    """The unit of the micrograph that was not touched stays the same; a file of picks that are gone is removed."""
    context = Context(folder=Path(FOLDER), seed=1)
    before = ManualPick(micrographs="micrographs_ctf.star", answer=answer({NAMES[1]: {"added": [[1, 2]]}})).units(context)
    carry_out(answer="a.json")
    now = ManualPick(micrographs="micrographs_ctf.star", answer=answer({NAMES[0]: {"added": [[3, 4]]}})).units(context)
    assert [one == other for one, other in zip(before, now, strict=True)] == [False, False]
    carry_out(answer="a.json")
    assert not Path(f"{FOLDER}/Movies/b_manualpick.star").exists()
    more = ManualPick(
        micrographs="micrographs_ctf.star", answer=answer({NAMES[0]: {"added": [[3, 4]]}, NAMES[1]: {"done": True}})
    )
    assert [one == other for one, other in zip(now, more.units(context), strict=True)] == [True, False]


def test_a_micrograph_can_be_left_out(project: Path) -> None:
    carry_out(answer=answer({NAMES[0]: {"added": [[3, 4]]}, NAMES[1]: {"selected": False}}))
    assert list(star.read_table(f"{FOLDER}/micrographs_selected.star", "micrographs")["micrograph"]) == NAMES[:1]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"micrographs": {"no.mrc": {}}}, "not in micrographs_ctf.star"),
        ({"micrographs": {NAMES[0]: {"added": [[1]]}}}, "2 numbers"),
        ({"micrographs": {NAMES[0]: {"added": [[1, "x"]]}}}, "2 numbers"),
        ({"micrographs": {NAMES[0]: {"moved": []}}}, "moved"),
        ({"micrographs": {NAMES[0]: {"added": "many"}}}, "no list"),
        ({"micrographs": []}, "objects"),
        ({"micrographs": {}}, "not one pick"),
        ({"kind": "classes"}, "kind"),
    ],
)
def test_a_broken_answer_is_said(project: Path, said: dict[str, Any], words: str) -> None:
    Path("a.json").write_text(json.dumps({"kind": "picks", **said}))
    with pytest.raises(UserError, match=words):
        carry_out(answer="a.json")


def test_the_command_line_makes_the_same_files(project: Path) -> None:
    """The saved answer, given as --answer, repeats the job byte for byte."""
    saved = answer({NAMES[0]: {"removed": [[40, 50]], "added": [[7.25, 9]]}}, threshold={"least": 0.3})
    carry_out(answer=saved, start_from="AutoPick/job003/autopick.star")
    options = f"--micrographs micrographs_ctf.star --start-from AutoPick/job003/autopick.star --answer {saved} --out again"
    subprocess.run([sys.executable, "-m", "vitreous", "manual-pick", *options.split()], check=True, capture_output=True)
    for name in ("Movies/a_manualpick.star", "micrographs_selected.star", "coords_suffix_manualpick.star"):
        assert Path("again", name).read_bytes() == Path(FOLDER, name).read_bytes()


@pytest.mark.relion
def test_relion_extracts_from_it(project: Path, relion: str) -> None:
    """relion_preprocess cuts the picks out, as many as our own extraction does."""
    spots = [[80, 90], [200, 150], [150, 60]]
    carry_out(answer=answer({NAMES[0]: {"added": spots}, NAMES[1]: {"added": spots[:1]}}))
    where = f"--coord_dir {FOLDER}/ --coord_suffix _manualpick.star --part_star theirs/particles.star --part_dir theirs/"
    command = f"{relion}/relion_preprocess --i {FOLDER}/micrographs_selected.star {where} --extract --extract_size 64"
    subprocess.run(command.split(), check=True, capture_output=True)
    theirs = star.read_table("theirs/particles.star", "particles")
    job = Extract(
        micrographs="micrographs_ctf.star", coordinates=f"{FOLDER}/manualpick.star", windows=Windows(box_px=64, invert=False)
    )
    context = Context(folder=Path("Extract/job005"), seed=3)
    job.gather([job.work(unit, context) for unit in job.units(context)], context)
    ours = star.read_table("Extract/job005/particles.star", "particles")
    assert sorted(zip(theirs["x_px"], theirs["y_px"], strict=True)) == sorted(zip(ours["x_px"], ours["y_px"], strict=True))
    assert len(theirs) == 4
