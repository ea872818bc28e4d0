"""Projects that RELION made are opened: every job is shown, what we cannot do is said, and the rest is gone on with."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import chain, iterations, mrc, star
from vitreous.job import as_star
from vitreous.jobs.select import Select
from vitreous.maths.ctf import ctf2d
from vitreous.methods.particles import ctf_of
from vitreous.methods.selection.settings import ClassChoice
from vitreous.project.commands.listing import shown
from vitreous.project.project import Project

# Jobs of these projects that cannot be done here, with a word of the reason; all others load.
REFUSED = {
    "relion313_small.tar.gz": {},
    "relion31_tutorial_betagal.tar.xz": {
        "Select/job005/": "fn_coords",
        "AutoPick/job010/": "do_log",
        "AutoPick/job011/": "do_log",
        **{f"CtfRefine/job{number:03d}/": "type number 21" for number in (22, 23, 24)},
        **{f"Polish/job{number:03d}/": "type number 20" for number in (27, 28)},
    },
    "relion5_class2d.tar.xz": {},
}


def unpacked(archive: Path, folder: Path) -> Project:
    with tarfile.open(archive) as tree:
        tree.extractall(folder, filter="data")
    found = min(folder.rglob("default_pipeline.star"), key=lambda path: len(path.parts))
    return Project.open(found.parent)


@pytest.mark.data
@pytest.mark.parametrize("name", list(REFUSED))
def test_every_job_is_shown_and_what_cannot_be_done_is_said(data, tmp_path, monkeypatch, name):
    project = unpacked(data / "relion_projects" / name, tmp_path)
    monkeypatch.chdir(project.layout.root)
    graph = project.graph()
    refused, loaded = {}, 0
    for job in graph.processes:
        text = shown(project, job)
        assert text.startswith(job)
        for node in (*graph.inputs_of(job), *graph.outputs_of(job)):
            assert node in text
        options = next((path for path in (Path(job) / "job.star", Path(job) / "run.job") if path.is_file()), None)
        if options is None:
            continue
        try:
            as_star.load(options)
            loaded += 1
        except UserError as error:
            refused[job] = str(error)
        assert ("it cannot be run or gone on with here" in text) == (job in refused)
    assert refused.keys() == REFUSED[name].keys()
    assert all(REFUSED[name][job] in said for job, said in refused.items())
    assert loaded + len(refused) == sum((Path(job) / "job.star").is_file() for job in graph.processes)


@pytest.fixture
def classified(data, tmp_path, monkeypatch):
    """RELION 3.1.3's project, with images made of its own classes and poses in place of the stacks that were left out."""
    project = unpacked(data / "relion_projects" / "relion313_small.tar.gz", tmp_path)
    monkeypatch.chdir(project.layout.root)
    found = iterations.read(Path("Class2D/job006"), 3)
    table = found.particles
    pixel_A = float(table.optics_column("pixel_size_A")[0])
    made = np.random.default_rng(5)
    box = found.references.shape[-1]
    y, x = (np.indices((box, box)) - box // 2).astype(float)
    params = ctf_of(table)
    assert params is not None
    seen = ctf2d(params, box, pixel_A).numpy()
    stacks: dict[str, dict[int, np.ndarray]] = {}
    for index, row in enumerate(table.rows()):
        number, _, stack = str(row["image"]).partition("@")
        psi = np.radians(row["psi_deg"])
        dx, dy = x + row["origin_x_A"] / pixel_A, y + row["origin_y_A"] / pixel_A
        at_x, at_y = np.cos(psi) * dx - np.sin(psi) * dy, np.sin(psi) * dx + np.cos(psi) * dy
        picture = found.references[int(row["class_number"]) - 1]
        rows, columns = (np.clip(np.rint(at + box // 2).astype(int), 0, box - 1) for at in (at_y, at_x))
        image = np.fft.irfft2(np.fft.rfft2(picture[rows, columns]) * seen[index], (box, box)) + made.normal(0, 1.5, (box, box))
        stacks.setdefault(stack, {})[int(number)] = image.astype(np.float32)
    for stack, images in stacks.items():
        whole = np.zeros((max(images), box, box), np.float32)
        for number, image in images.items():
            whole[number - 1] = image
        mrc.write_stack(stack, whole, pixel_size_A=pixel_A)
    return project


@pytest.mark.data
@pytest.mark.slow
def test_relions_2d_classification_is_gone_on_with_and_selected_from(classified):
    before = iterations.read(Path("Class2D/job006"), 3).particles
    assert classified.continue_("first2d", changed={"nr_iter": "5"}, quiet=True).did == 2
    assert chain.latest(Path("Class2D/job006")).name == "run_ct3_it005"
    after = iterations.read(Path("Class2D/job006"), 5).particles
    place = {name: row for row, name in enumerate(after["image"].tolist())}
    same = after.select([place[name] for name in before["image"].tolist()])["class_number"] == before["class_number"]
    assert same.mean() > 0.8
    graph = classified.graph()
    assert "Class2D/job006/run_ct3_it005_optimiser.star" in graph.outputs_of("Class2D/job006/")
    name = classified.add(Select(model="Class2D/job006", choice=ClassChoice(classes=(1, 3))))
    assert name == "Select/job015/"
    assert classified.run(name, quiet=True).status == "succeeded"
    kept = star.read_table(f"{name}particles.star", "particles")
    assert set(kept["class_number"].tolist()) <= {1, 3} and 0 < len(kept) < len(after)


@pytest.mark.data
def test_a_mask_of_relions_project_is_made_again_once_its_map_is_there(data, tmp_path, monkeypatch):
    project = unpacked(data / "relion_projects" / "relion313_small.tar.gz", tmp_path)
    monkeypatch.chdir(project.layout.root)
    with pytest.raises(UserError, match=r"truth64\.mrc"):
        project.continue_("mymask", quiet=True)
    z, y, x = np.indices((64, 64, 64)) - 32
    mrc.write_volume("Import/job007/truth64.mrc", np.exp(-(x**2 + y**2 + z**2) / 200).astype(np.float32), pixel_size_A=6.0)
    assert project.continue_("mymask", quiet=True).status == "succeeded"
    assert mrc.read_volume("MaskCreate/job008/mask.mrc")[0].max() == 1.0
    assert project.graph().processes["MaskCreate/job008/"].status == "Succeeded"
