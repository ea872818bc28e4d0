"""Curves in the window against the numbers in the STAR files: FSC crossings, Guinier, convergence; directions on the sphere."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from vitreous.files import star
from vitreous.files.star_blocks import StarFile, list_block, loop_block
from vitreous.maths import symmetry
from vitreous.web import convergence, sphere
from vitreous.web.convergence_sheets import LoopStep
from vitreous.web.curve_shapes import crossing

AT = "/api/p/demo"


def sheets(client: TestClient, address: str, **asked: Any) -> dict[str, Any]:
    """The sheets of an address, by kind."""
    answer = client.get(f"{AT}/{address}", params=asked)
    assert answer.status_code == 200, answer.text
    return {sheet["kind"]: sheet for sheet in answer.json()["sheets"]}


def test_the_fsc_is_that_of_the_file_and_its_crossing_the_final_resolution(project: Path, client: TestClient) -> None:
    """0.143 of the corrected curve is rlnFinalResolution; all four curves are there."""
    path = project / "PostProcess/job011/postprocess.star"
    block = star.read(path)["fsc"]
    sheet = sheets(client, "curves/011")["fsc"]
    by_name = {curve["name"]: curve for curve in sheet["curves"]}
    assert list(by_name) == ["corrected", "masked", "unmasked", "phases randomised"]
    for name, label in (("corrected", "Corrected"), ("masked", "MaskedMaps"), ("unmasked", "UnmaskedMaps")):
        wanted = np.asarray(block[f"rlnFourierShellCorrelation{label}"], float)
        assert by_name[name]["y"] == pytest.approx(wanted.tolist(), abs=1e-6)
    final = float(star.read_list(path, "general")["rlnFinalResolution"])
    found = next(one for one in by_name["corrected"]["crossings"] if one["threshold"] == 0.143)
    assert found["resolution_A"] == pytest.approx(final, abs=1e-3)
    assert f"{final:.2f} Å" in sheet["sentence"]


def test_the_line_of_the_guinier_plot_is_the_fit_of_the_file(project: Path, client: TestClient) -> None:
    """Slope and B-factor: the line falls by the fitted slope."""
    said = star.read_list(project / "PostProcess/job011/postprocess.star", "general")
    sheet = sheets(client, "curves/011", kind="guinier")["guinier"]
    line = next(curve for curve in sheet["curves"] if curve["name"] == "fitted line")
    slope = (line["y"][-1] - line["y"][0]) / (line["x"][-1] - line["x"][0])
    assert slope == pytest.approx(float(said["rlnFittedSlopeGuinierPlot"]), rel=1e-3)
    assert sheet["figures"][0]["value"] == pytest.approx(float(said["rlnBfactorUsedForSharpening"]))


def test_a_guinier_fit_over_the_range_of_the_job_gives_its_b_factor(project: Path, client: TestClient) -> None:
    """From 10 Å to the end; another range gives another line; one without points is an error."""
    path = "PostProcess/job011/postprocess.star"
    said = star.read_list(project / path, "general")
    asked = {"path": path, "low": 10.0, "high": 0.5}
    found = client.get(f"{AT}/guinier", params=asked).json()
    assert found["bfactor_A2"] == pytest.approx(float(said["rlnBfactorUsedForSharpening"]), abs=0.01)
    assert found["correlation"] == pytest.approx(float(said["rlnCorrelationFitGuinierPlot"]), abs=1e-3)
    other = client.get(f"{AT}/guinier", params={**asked, "low": 30.0}).json()
    assert other["bfactor_A2"] != pytest.approx(found["bfactor_A2"], rel=0.02)
    assert client.get(f"{AT}/guinier", params={**asked, "low": 2.01, "high": 2.0}).status_code == 422


def test_a_refinement_shows_its_half_maps_and_its_iterations(project: Path, client: TestClient) -> None:
    """run_model.star at the end; an iteration when asked; a 2D classification has no FSC."""
    block = star.read(project / "Refine3D/job009/run_model.star")["model_class_1"]
    sheet = sheets(client, "curves/009")["fsc"]
    assert sheet["curves"][0]["y"] == pytest.approx(np.asarray(block["rlnGoldStandardFsc"], float).tolist(), abs=1e-6)
    first = client.get(f"{AT}/curves/009", params={"it": 1}).json()
    assert (first["iteration"], first["file"]) == (1, "Refine3D/job009/run_it001_half1_model.star")
    assert "fsc" not in sheets(client, "curves/006")
    assert set(sheets(client, "curves/006")) >= {"ssnr", "tau2", "noise"}


def test_the_crossing_is_the_shell_before_the_first_below() -> None:
    """A curve that never falls has none; neither has one that begins below."""
    frequency = np.arange(6) / 60
    falling = np.array([1, 0.9, 0.5, 0.2, 0.1, 0.6])
    found = crossing(frequency, falling, 0.143)
    assert found is not None
    assert (found.resolution_A, found.value) == (20.0, 0.2)
    assert crossing(frequency, np.ones(6), 0.143) is None
    assert crossing(frequency, np.zeros(6), 0.143) is None


def test_b_factors_by_frame_are_read(project: Path, client: TestClient) -> None:
    """A polishing's file, by its path."""
    columns = {
        "rlnMovieFrameNumber": [1, 2],
        "rlnBfactorUsedForSharpening": [-90.5, -60.0],
        "rlnFittedInterceptGuinierPlot": [1.5, 1.7],
    }
    star.write(project / "bfactors.star", StarFile([loop_block("perframe_bfactors", columns)]))
    sheet = sheets(client, "curves/-", path="bfactors.star")["frames"]
    assert [curve["y"] for curve in sheet["curves"]] == [[-90.5, -60.0], [1.5, 1.7]]


def test_a_file_without_curves_says_so(client: TestClient) -> None:
    """With the kinds that are known."""
    answer = client.get(f"{AT}/curves/-", params={"path": "CtfFind/job003/micrographs_ctf.star"})
    assert answer.status_code == 422
    assert "no curves" in answer.json()["sentence"]


def test_convergence_is_that_of_the_files(project: Path, client: TestClient) -> None:
    """Resolution, changes of angle and sampling by iteration; ended refinements are said to have converged."""
    found = client.get(f"{AT}/convergence/009").json()
    last = found["steps"][-1]
    said = star.read_list(project / f"Refine3D/job009/run_it{last['it']:03d}_optimiser.star", "optimiser_general")
    model = star.read_list(project / f"Refine3D/job009/run_it{last['it']:03d}_half1_model.star", "model_general")
    assert last["resolution_A"] == pytest.approx(float(model["rlnCurrentResolution"]))
    assert last["changed_angle_deg"] == pytest.approx(float(said["rlnChangesOptimalOrientations"]))
    assert found["converged"]
    assert found["sentence"].startswith("Converged at iteration")
    assert client.get(f"{AT}/convergence/003").json()["loop"] is False


def step(it: int, resolution_A: float, changed: float | None = None) -> LoopStep:
    """An iteration that says only its resolution, and how many changed class."""
    nothing = dict.fromkeys(set(LoopStep.model_fields) - {"it", "resolution_A", "changed_classes", "shares"})
    return LoopStep(it=it, resolution_A=resolution_A, changed_classes=changed, shares=[], **nothing)  # type: ignore[arg-type]


def test_the_sentence_says_whether_it_still_improves() -> None:
    """Improving, still moving between classes, or standing still."""
    assert (
        convergence.sentence([step(k, r) for k, r in enumerate((9, 5, 4, 3.6, 3.2))], False)
        == "Still improving: 5.0 to 3.2 Å in the last 3 iterations."
    )
    assert "12% of the particles" in convergence.sentence([step(k, 8, 0.12) for k in range(5)], False)
    assert convergence.sentence([step(k, 8, 0.0) for k in range(5)], False) == "Nothing changed in the last 3 iterations: 8.0 Å."


def test_directions_are_counted_in_cells_of_equal_area(project: Path, client: TestClient) -> None:
    """Every particle once; with D2 four times; the cells' areas are equal."""
    found = client.get(f"{AT}/angles/009").json()
    table = star.read_table(project / "Refine3D/job009/run_data.star", "particles")
    assert found["symmetry"] == "D2"
    assert sum(found["counts"]) == len(table)
    assert sum(found["whole"]) == 4 * len(table)
    heights = -np.diff(found["edges"])
    assert heights / found["bands"] == pytest.approx(2 / sum(found["bands"]))
    psi = next(sheet for sheet in found["histograms"] if sheet["kind"] == "psi")
    assert sum(psi["curves"][0]["y"]) == len(table)
    one = client.get(f"{AT}/angles/006", params={"index": 3}).json()
    assert one["counts"] is None
    assert one["particles"] == int(
        (star.read_table(project / "Class2D/job006/run_it200_data.star", "particles")["class_number"] == 3).sum()
    )


def test_views_of_one_side_are_inefficient_and_even_ones_are_not() -> None:
    """Even views give nearly 1; top views alone leave most of Fourier space empty; a belt of side views does not."""
    random = np.random.default_rng(5)
    even = random.standard_normal((40_000, 3))
    even /= np.linalg.norm(even, axis=1)[:, None]
    value, missing = sphere.efficiency(sphere.counted(even))
    assert value > 0.97
    assert missing == 0
    top = even * [0.1, 0.1, 1]
    top /= np.linalg.norm(top, axis=1)[:, None]
    assert sphere.efficiency(sphere.counted(top))[0] < 0.35
    belt = even * [1, 1, 0.02]
    belt /= np.linalg.norm(belt, axis=1)[:, None]
    value, missing = sphere.efficiency(sphere.counted(belt))
    assert 0.4 < value < 0.95
    assert missing == 0


def test_a_direction_falls_into_the_cell_around_it() -> None:
    """The middle of each cell counts in that cell."""
    counts = sphere.counted(sphere.centres())
    assert (counts == 1).all()


@pytest.mark.parametrize("group", ["C1", "C7", "D2", "D7", "T", "O", "I", "I1", "I2"])
def test_mates_are_those_of_our_symmetry(group: str) -> None:
    """The same set of directions as the package's own operators give."""
    vector = np.array([[0.3, 0.5, np.sqrt(1 - 0.34)]])
    mine = sphere.mates(group)
    assert mine is not None
    found = np.concatenate([vector @ turn.T for turn in mine])
    theirs = np.asarray(symmetry.operators(group), float) @ vector[0]
    theirs_too = np.asarray(symmetry.operators(group), float).transpose(0, 2, 1) @ vector[0]
    assert len(found) == len(theirs)
    assert any(all(np.abs(other - one).sum(1).min() < 1e-3 for one in found) for other in (theirs, theirs_too))


def test_a_group_that_is_not_known_is_left_out_and_said(project: Path, client: TestClient) -> None:
    """Counted as listed."""
    assert sphere.mates("H3") is None
    star.write(project / "a_data.star", star.read(project / "Refine3D/job009/run_data.star"))
    star.write(project / "a_sampling.star", StarFile([list_block("sampling_general", {"rlnSymmetryGroup": "H3"})]))
    found = client.get(f"{AT}/angles/-", params={"path": "a_data.star"}).json()
    assert found["whole"] is None
    assert "H3" in found["sentence"]
