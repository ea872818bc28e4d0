"""Classes in the window against the numbers in the STAR files; tiles against the images; members, history, scores, maps."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from vitreous.files import mrc, star
from vitreous.files.star_blocks import StarFile, list_block, loop_block
from vitreous.web import rounds, tile_packs

AT = "/api/p/demo"
FOLDER = "Class2D/job006"


def unpacked(content: bytes) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """The head of an answer, and its tiles as values."""
    length = int.from_bytes(content[:4], "little")
    head = json.loads(content[4 : 4 + length])
    tiles = np.frombuffer(content[4 + length :], np.uint8).reshape(len(head["indices"]), head["size"], head["size"])
    low, high = (np.array(head[name])[:, None, None] for name in ("low", "high"))
    return head, low + (high - low) * tiles / 255


def tiles(client: TestClient, path: str, **asked: Any) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Tiles of a path, as values."""
    answer = client.get(f"{AT}/stack/tiles", params={"path": path, **asked})
    assert answer.status_code == 200, answer.text
    return unpacked(answer.content)


def classes(client: TestClient, job: str = "006", **asked: Any) -> dict[str, Any]:
    """The classes of a job."""
    answer = client.get(f"{AT}/classes/{job}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_tiles_at_full_size_are_the_images(project: Path, client: TestClient) -> None:
    """Bytes with their scale give the pixels back, in the order that was asked for."""
    images, pixel_A = mrc.read_stack(project / FOLDER / "run_it200_classes.mrcs")
    head, found = tiles(client, f"{FOLDER}/run_it200_classes.mrcs", indices="3,1-2", size=512)
    assert head["indices"] == [3, 1, 2]
    assert head["pixel_A"] == pytest.approx(pixel_A, abs=1e-3)
    step = (np.array(head["high"]) - head["low"]).max() / 255
    assert np.abs(found - images[[2, 0, 1]]).max() < 0.51 * step
    assert head["common"][0] < np.median(images) < head["common"][1]


def test_small_tiles_keep_mean_and_shape(project: Path, client: TestClient) -> None:
    """A tile of a third of the pixels is the image without its fine detail; a model names the same images as its stack."""
    head, small = tiles(client, f"{FOLDER}/run_it200_model.star", size=38, indices="1-4")
    _, whole = tiles(client, f"{FOLDER}/run_it200_classes.mrcs", size=512, indices="1-4")
    assert head["size"] == 38
    assert small.mean((1, 2)) == pytest.approx(whole.mean((1, 2)), abs=0.02)
    coarse = tile_packs.shrunk(whole.astype(np.float32), 38)
    assert np.corrcoef(small.ravel(), coarse.ravel())[0, 1] > 0.999


def test_a_low_pass_takes_fine_waves_and_leaves_coarse_ones(project: Path, client: TestClient) -> None:
    """A wave of 8 Å is gone at 20 Å, one of 60 Å stays."""
    x = np.arange(120) * 2.0
    fine, coarse = (np.tile(np.cos(2 * np.pi * x / period), (120, 1)) for period in (8.0, 60.0))
    mrc.write_stack(project / "waves.mrcs", np.stack([fine, coarse]), pixel_size_A=2.0)
    _, found = tiles(client, "waves.mrcs", size=120, lowpass=20)
    assert found[0].std() < 0.02 < 0.6 < found[1].std()


def test_addresses_with_the_present_tag_never_change(project: Path, client: TestClient) -> None:
    """Only these may be kept for ever."""
    path = f"{FOLDER}/run_it200_model.star"
    tag = client.get(f"{AT}/stack/info", params={"path": path}).json()["tag"]
    kept = client.get(f"{AT}/stack/tiles", params={"path": path, "tag": tag})
    assert "immutable" in kept.headers["cache-control"]
    other = client.get(f"{AT}/stack/tiles", params={"path": path, "tag": "1-1"})
    assert other.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        ({"path": f"{FOLDER}/run_it200_classes.mrcs", "indices": "999"}, 422, "no image 999"),
        ({"path": f"{FOLDER}/run_it200_classes.mrcs", "indices": "1-9999999999"}, 422, "at most"),
        ({"path": f"{FOLDER}/run_it200_classes.mrcs", "indices": "a"}, 422, "no number"),
        ({"path": "../outside.mrcs"}, 422, "outside"),
        ({"path": "Refine3D/job009/run_class001.mrc"}, 422, "map"),
        ({"path": f"{FOLDER}/run_it200_classes.mrcs", "aligned": True}, 422, "rlnAnglePsi"),
        ({"path": "CtfFind/job003/micrographs_ctf.star"}, 422, "lists no images"),
    ],
)
def test_what_cannot_be_shown_is_said(client: TestClient, asked: dict[str, Any], status: int, word: str) -> None:
    """One sentence each."""
    answer = client.get(f"{AT}/stack/tiles", params=asked)
    assert (answer.status_code, word in answer.json()["sentence"]) == (status, True), answer.text


def test_particles_of_stacks_that_are_gone_are_left_out(project: Path, client: TestClient) -> None:
    """Those of the other stacks are there; with no stack left the answer is empty, and no error."""
    table = star.read_table(project / "Extract/job005/particles.star", "particles")
    stacks = [mrc.split_name(str(name))[1] for name in table["image"]]
    (project / stacks[0]).unlink()
    head, _ = tiles(client, "Extract/job005/particles.star", indices="1-1000" if len(table) > 1000 else "")
    assert head["indices"] == [row + 1 for row, stack in enumerate(stacks[:1024]) if stack != stacks[0]]
    for stack in set(stacks[1:]) - {stacks[0]}:
        (project / stack).unlink()
    assert tiles(client, "Extract/job005/particles.star")[0]["indices"] == []


def test_turned_particles_lie_on_one_another(client: TestClient) -> None:
    """The mean of a class's particles is much sharper when they are turned and shifted as the STAR file says."""
    largest = max(classes(client)["classes"], key=lambda row: row["particles"])
    asked = {"index": largest["index"], "count": 512}
    members = client.get(f"{AT}/classes/006/members", params=asked).json()
    rows = ",".join(str(row) for row in members["rows"])
    contrast = [
        tiles(client, members["path"], indices=rows, aligned=turned, size=512)[1].mean(0)[20:-20, 20:-20].var()
        for turned in (False, True)
    ]
    assert contrast[1] > 1.5 * contrast[0]


def saved(project: Path) -> list[int]:
    """The iterations of the classification that are on disk."""
    return sorted(int(path.name[6:9]) for path in (project / FOLDER).glob("run_it*_optimiser.star"))


@pytest.mark.parametrize("earlier", [False, True])
def test_classes_are_those_of_the_star_files(project: Path, client: TestClient, earlier: bool) -> None:
    """Particles, share and resolution of each class; the iterations that are on disk; what a selection takes."""
    number = saved(project)[-2 if earlier else -1]
    page = classes(client, **({"it": number} if earlier else {}))
    table = star.read_table(project / f"{FOLDER}/run_it{number:03d}_model.star", "model_classes")
    data = star.read_table(project / f"{FOLDER}/run_it{number:03d}_data.star", "particles")
    counts = np.bincount(data["class_number"], minlength=len(table) + 1)[1:]
    assert [row["particles"] for row in page["classes"]] == counts.tolist()
    for row, value in zip(page["classes"], table["estimated_resolution_A"].tolist(), strict=True):
        assert row["resolution_A"] == (None if value > 900 else pytest.approx(value))
    assert sum(row["share"] for row in page["classes"]) == pytest.approx(1)
    assert (page["particles"], page["dimension"], page["iteration"]) == (len(data), 2, number)
    assert page["iterations"] == saved(project) and len(saved(project)) > 3
    assert page["model"] == f"{FOLDER}/run_it{number:03d}_optimiser.star"
    assert page["of"] == 200


def test_scores_come_from_the_selection_that_ranked_this_iteration(project: Path, client: TestClient) -> None:
    """Of another iteration nothing is known; when the selection is gone, of this one neither."""
    ranked = star.read_table(project / "Select/job007/rank_model.star", "model_classes")["class_score"]
    assert [row["score"] for row in classes(client)["classes"]] == pytest.approx(ranked.tolist(), abs=1e-4)
    assert not classes(client, it=saved(project)[-2])["ranked"]
    shutil.rmtree(project / "Select/job007")
    assert not classes(client)["ranked"]


def test_a_file_of_an_iteration_shows_that_iteration(project: Path, client: TestClient) -> None:
    """Whatever job is named beside it."""
    it = saved(project)[2]
    page = classes(client, "-", path=f"{FOLDER}/run_it{it:03d}_model.star")
    assert (page["iteration"], page["folder"]) == (it, FOLDER)


def test_a_selection_shows_what_it_kept(project: Path, client: TestClient) -> None:
    """Class averages under their numbers in the classification, with the particles that were kept."""
    page = classes(client, "007")
    table = star.read_table(project / "Select/job007/class_averages.star")
    assert page["chosen"]
    assert [row["index"] for row in page["classes"]] == table["class_index"].tolist()
    assert page["particles"] == len(star.read_table(project / "Select/job007/particles.star", "particles"))


@pytest.mark.parametrize("recentred", [False, True])
def test_a_selection_shows_each_class_by_its_own_picture(project: Path, client: TestClient, recentred: bool) -> None:
    """Of classes 2, 5 and 7 the tiles are theirs, in the first stack or in one of their own, and not those of rows 2, 5, 7."""
    images, pixel_A = mrc.read_stack(project / FOLDER / "run_it200_classes.mrcs")
    kept = [2, 5, 7]
    folder = project / "Select/job007"
    stack = "Select/job007/class_averages.mrcs" if recentred else f"{FOLDER}/run_it200_classes.mrcs"
    if recentred:
        mrc.write_stack(folder / "class_averages.mrcs", images[[k - 1 for k in kept]], pixel_size_A=pixel_A)
    names = [f"{(row if recentred else index):06d}@{stack}" for row, index in enumerate(kept, 1)]
    table = {"rlnReferenceImage": names, "rlnClassIndex": kept}
    star.write(folder / "class_averages.star", StarFile([loop_block("", table)]))
    page = classes(client, "007")
    assert [row["index"] for row in page["classes"]] == kept
    _, found = tiles(client, page["stack"], size=512, indices=",".join(str(row["tile"]) for row in page["classes"]))
    for tile, index in zip(found, kept, strict=True):
        assert np.abs(tile - images[index - 1]).max() < 0.01 * np.ptp(images)
    assert np.abs(images[1] - images[0]).max() > 0.02 * np.ptp(images)


def test_members_are_the_rows_of_the_class(project: Path, client: TestClient) -> None:
    """In pages; rows count from 1 in the iteration's data file."""
    data = star.read_table(project / f"{FOLDER}/run_it200_data.star", "particles")
    rows = (np.flatnonzero(data["class_number"] == 3) + 1).tolist()
    first = client.get(f"{AT}/classes/006/members", params={"index": 3, "count": 4}).json()
    rest = client.get(f"{AT}/classes/006/members", params={"index": 3, "from": 4, "count": 1024}).json()
    assert first["total"] == len(rows)
    assert first["rows"] + rest["rows"] == rows


def test_the_history_tells_how_many_changed_class(project: Path, client: TestClient) -> None:
    """As counted from the two tables of particles; shares as in the model files."""
    moments = client.get(f"{AT}/classes/006/history").json()["moments"]
    third = saved(project)[2:4]
    before, after = (star.read_table(project / f"{FOLDER}/run_it{it:03d}_data.star", "particles")["class_number"] for it in third)
    assert moments[3]["it"] == third[1]
    assert moments[3]["changed"] == pytest.approx(float((before != after).mean()), abs=1e-6)
    table = star.read_table(project / f"{FOLDER}/run_it{third[1]:03d}_model.star", "model_classes")
    assert moments[3]["shares"] == pytest.approx(table["class_distribution"].tolist(), abs=1e-6)


def test_maps_of_3d_classes_are_cut_through_their_middle(project: Path, client: TestClient) -> None:
    """Four tiles for each class; the first is the central slice across z."""
    assert classes(client, "008")["dimension"] == 3
    head, found = unpacked(client.get(f"{AT}/classes/008/slices", params={"size": 256}).content)
    volume, _ = mrc.read_volume(project / "InitialModel/job008/run_it010_class001.mrc")
    assert head["indices"] == [1, 2, 3, 4]
    middle = volume.shape[0] // 2
    for tile, part in zip(found, (volume[middle], volume[:, middle], volume[:, :, middle]), strict=False):
        assert np.abs(tile - part).max() < 0.01 * np.ptp(volume)


def test_a_model_of_relion_with_infinite_values_and_no_pictures_is_read(project: Path, client: TestClient) -> None:
    """inf, -nan and 999 mean "not known"; classes without pictures are listed all the same."""
    folder = project / "Class2D/job099"
    folder.mkdir()
    start = "Class2D/job099/run_ct3_it007"
    table = {
        "rlnReferenceImage": [f"{k:06d}@{start}_classes.mrcs" for k in (1, 2)],
        "rlnClassDistribution": ["0.25", "0.75"],
        "rlnAccuracyRotations": ["3.5", "999.000000"],
        "rlnEstimatedResolution": ["inf", "8.5"],
        "rlnOverallFourierCompleteness": ["-nan", "1.0"],
    }
    general = {"rlnReferenceDimensionality": 2, "rlnNrClasses": 2, "rlnPixelSize": "3.54"}
    model = StarFile([list_block("model_general", general), loop_block("model_classes", table)])
    star.write(f"{start}_model.star", model)
    star.write(f"{start}_optimiser.star", StarFile([list_block("optimiser_general", {"rlnNumberOfIterations": 25})]))
    images = {"rlnImageName": ["1@a.mrcs", "2@a.mrcs", "3@a.mrcs"], "rlnClassNumber": [2, 1, 2], "rlnVoltage": [300] * 3}
    star.write(f"{start}_data.star", StarFile([loop_block("particles", images)]))
    page = classes(client, "-", path="Class2D/job099")
    assert [row["resolution_A"] for row in page["classes"]] == [None, 8.5]
    assert [row["accuracy_deg"] for row in page["classes"]] == [3.5, None]
    assert [row["particles"] for row in page["classes"]] == [1, 2]
    assert (page["present"], page["iterations"], page["of"]) == (False, [7], 25)


def test_particles_that_are_no_longer_there_do_not_count_as_changed() -> None:
    """A subset of another order is compared by name."""
    before = rounds.Assigned(np.array([1, 2, 3, 4]), np.array([1, 1, 2, 2], np.int32))
    after = rounds.Assigned(np.array([4, 2]), np.array([1, 1], np.int32))
    assert after.changed(before) == 0.5


def test_classes_of_a_job_without_iterations_say_so(client: TestClient) -> None:
    """404 with a sentence, which the page shows instead."""
    answer = client.get(f"{AT}/classes/003")
    assert answer.status_code == 404
    assert "no iteration is on disk" in answer.json()["sentence"]


@pytest.mark.slow
def test_classes_are_ranked_on_demand(project: Path, client: TestClient) -> None:
    """By a process of its own; the scores are found afterwards, and nothing new stands in the project's jobs."""
    shutil.rmtree(project / "Select/job007")
    jobs = sorted(path.name for path in project.glob("*/job*"))
    assert client.get(f"{AT}/classes/006/score").json()["state"] == "none"
    assert client.post(f"{AT}/classes/006/score").json()["state"] == "running"
    _wait_until(lambda: client.get(f"{AT}/classes/006/score").json()["state"] != "running")
    page = classes(client)
    assert page["ranked"]
    assert all(0 <= row["score"] <= 1 for row in page["classes"])
    assert sorted(path.name for path in project.glob("*/job*")) == jobs


def _wait_until(happened: Any) -> None:
    import time

    until = time.monotonic() + 90
    while not happened():
        assert time.monotonic() < until, "nothing happened within 90 s"
        time.sleep(0.2)
