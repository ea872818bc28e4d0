"""RELION 3.1 works in a project of ours: reads and rewrites it, runs jobs of its own on our outputs; and we go on with them."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from vitreous.files import chain, mrc, star
from vitreous.job import as_star
from vitreous.jobs.auto_pick import AutoPick
from vitreous.jobs.import_other import ImportOther
from vitreous.jobs.mask_create import MaskCreate
from vitreous.methods.picking.settings import BlobSearch
from vitreous.project.project import Project
from vitreous.tables.table import Table

PIXEL_A = 4.0
HEAD = "data_job\n\n_rlnJobType {number}\n_rlnJobIsContinue 0\n\ndata_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n"


def micrograph(path: str, seed: int) -> None:
    """Dark balls on noise, where a grid with some play puts them."""
    made = np.random.default_rng(seed)
    image = made.normal(0, 1, (256, 256))
    y, x = np.indices(image.shape)
    for cy in range(48, 240, 52):
        for cx in range(48, 240, 52):
            image -= 3 * (np.hypot(y - cy - made.uniform(-5, 5), x - cx - made.uniform(-5, 5)) < 12)
    mrc.write_image(path, image.astype(np.float32), pixel_size_A=PIXEL_A)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with imported micrographs (1), picks (2) and a map (3), all by us."""
    root = tmp_path_factory.mktemp("a project of ours")
    optics = {"optics_group_name": ["a"], "optics_group": [1], "micrograph_pixel_size_A": [PIXEL_A], "voltage_kV": [300.0]}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        names = [f"Micrographs/mic{number}.mrc" for number in (1, 2)]
        for seed, name in enumerate(names):
            micrograph(name, seed)
        columns: dict[str, object] = {"micrograph": np.array(names, object), "optics_group": [1, 1]}
        columns |= {"defocus_u_A": [15000.0, 18000.0], "defocus_v_A": [15000.0, 18000.0], "defocus_angle_deg": [0.0, 0.0]}
        whole = Table({**optics, "cs_mm": [2.7], "amplitude_contrast": [0.1]}, "optics")
        star.write_table("mics.star", Table(columns, "micrographs", whole))
        z, y, x = np.indices((32, 32, 32)) - 16
        mrc.write_volume("ball.mrc", np.exp(-(x**2 + y**2 + z**2) / 60).astype(np.float32), pixel_size_A=PIXEL_A)
        project = Project.new(".")
        project.add(ImportOther(file="mics.star", what="micrographs"), alias="mics")
        project.run("mics", quiet=True)
        search = BlobSearch(min_diameter_A=80, max_diameter_A=110)
        project.add(AutoPick(micrographs="Import/job001/mics.star", blobs=search))
        project.run("2", quiet=True)
        project.add(ImportOther(file="ball.mrc", what="map"))
        project.run("3", quiet=True)
    return root


@pytest.fixture
def project(ours: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(ours)
    return Project.open(".")


def by_relion(relion: str, number: int, folder: str, **options: object) -> str:
    """Let RELION's pipeliner add a job and run it; gives its name."""
    rows = "".join(f"{name} {f'{value}' or chr(34) * 2}\n" for name, value in options.items())
    Path("job.star").write_text(HEAD.format(number=number) + f"_rlnJobOptionValue #2\n{rows}\n")
    name = f"{folder}/job{Project.open('.').graph().counter:03d}/"
    for words in (["--addJobFromStar", "job.star"], ["--schedule", f"by{number}", "--RunJobs", name]):
        done = subprocess.run(
            [f"{relion}/relion_pipeliner", *words], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (Path(name) / "RELION_JOB_EXIT_SUCCESS").exists(), (Path(name) / "run.err").read_text()
    return name


@pytest.mark.relion
def test_relion_rewrites_the_project_and_loses_nothing(project: Project, relion: str) -> None:
    before = project.graph()
    subprocess.run([f"{relion}/relion_pipeliner", "--check_job_completion"], check=True, capture_output=True)
    after = project.graph()
    assert {name: (p.label, p.status, p.alias) for name, p in after.processes.items()} == {
        name: (p.label, p.status, p.alias) for name, p in before.processes.items()
    }
    assert set(after.nodes) == set(before.nodes)
    assert [node for node in after.nodes if node.startswith("Import/job001/")] == ["Import/job001/mics.star"]
    assert (after.inputs, after.outputs, after.counter) == (before.inputs, before.outputs, before.counter)


@pytest.mark.relion
def test_relion_makes_a_mask_of_our_map(project: Project, relion: str) -> None:
    name = by_relion(relion, 12, "MaskCreate", fn_in="Import/job003/ball.mrc", inimask_threshold=0.2, lowpass_filter=20)
    graph = project.graph()
    assert graph.processes[name].status == "Succeeded"
    assert ("Import/job003/ball.mrc", name) in graph.inputs
    assert (name, f"{name}mask.mrc") in graph.outputs
    assert 0.01 < mrc.read_volume(f"{name}mask.mrc")[0].mean() < 0.5


@pytest.mark.relion
def test_relion_runs_a_job_that_we_scheduled(project: Project, relion: str) -> None:
    name = project.add(MaskCreate(map="Import/job003/ball.mrc"))
    words = ["--schedule", "ours", "--RunJobs", name]
    done = subprocess.run([f"{relion}/relion_pipeliner", *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "relion_mask_create" in (Path(name) / "note.txt").read_text()
    assert project.graph().processes[name].status == "Succeeded"
    assert project.graph().outputs_of(name) == [f"{name}mask.mrc"]


def test_picks_are_outputs_in_both_conventions(project: Project) -> None:
    graph = project.graph()
    picks = [graph.nodes[node] for node in graph.outputs_of("AutoPick/job002/")]
    assert [node.name.rpartition("/")[2] for node in picks] == ["autopick.star", "coords_suffix_autopick.star"]
    assert all(node.label.startswith("MicrographCoordsGroup.star.relion") for node in picks)
    assert Path("AutoPick/job002/coords_suffix_autopick.star").read_text() == "Import/job001/mics.star\n"


@pytest.mark.relion
@pytest.mark.slow
def test_relion_extracts_and_classifies_from_our_picks_and_we_go_on(project: Project, relion: str) -> None:
    extracted = by_relion(
        relion, 5, "Extract", star_mics="Import/job001/mics.star", coords_suffix="AutoPick/job002/coords_suffix_autopick.star",
        extract_size=48, bg_diameter=36, do_invert="Yes",
    )  # fmt: skip
    assert ("AutoPick/job002/coords_suffix_autopick.star", extracted) in project.graph().inputs
    particles = star.read_table(f"{extracted}particles.star", "particles")
    assert len(particles) == 32
    classified = by_relion(
        relion, 8, "Class2D", fn_img=f"{extracted}particles.star", nr_classes=2, nr_iter=2, particle_diameter=120,
        psi_sampling=30, offset_range=3, offset_step=1, nr_pool=30,
    )  # fmt: skip
    assert chain.latest(Path(classified)).name == "run_it002"
    assert project.continue_(classified, changed={"nr_iter": "3"}, quiet=True).did == 1
    outputs = {node for job, node in project.graph().outputs if job == classified}
    assert f"{classified}run_ct2_it003_optimiser.star" in outputs
    assert not [node for node in outputs if "run_it002" in node]
    assert "(going on)" in Path(f"{classified}run.out").read_text()
    rows = star.read_table(f"{classified}run_ct2_it003_data.star", "particles")
    assert len(rows) == 32
    subprocess.run([f"{relion}/relion_pipeliner", "--check_job_completion"], check=True, capture_output=True)
    assert {node for job, node in project.graph().outputs if job == classified} == outputs
    job = as_star.read(f"{classified}job.star")
    assert job.values["nr_iter_em"] == "3"
