"""The class2d job: RELION's files, going on from an iteration, and RELION going on from ours."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import chain, classification, exact, iterations, mrc, star
from vitreous.job.options import build
from vitreous.jobs.class2d import Class2D
from vitreous.jobs.select import Select
from vitreous.methods.refinement.settings import Classification
from vitreous.methods.selection.settings import ClassChoice
from vitreous.project.project import Project

BOX, COUNT, PIXEL_A = 32, 60, 5.0


@pytest.fixture
def project(blob_project: Path) -> Path:
    return blob_project


def job(**values: object) -> Class2D:
    plain = {"classes": 2, "particle_diameter_A": 110, "use_em": True, "use_mini_batches": False, "em_iterations": 3}
    return Class2D(particles="particles.star", classification=Classification(**{**plain, **values}))


def run(task: Class2D, folder: Path, *, until: int | None = None, **surroundings: Any) -> Context:
    context = Context(folder=folder, seed=5, **surroundings)
    saved = task.saved(folder)
    state = task.load(folder, saved[-1], context) if saved else task.begin(context)
    if not saved:
        task.save(state, folder, context)
    while not task.done(state) and (until is None or state.iteration < until):
        state = task.step(state, context)
        task.save(state, folder, context)
    if task.done(state):
        task.finish(state, context)
    return context


def test_files_are_relions_and_are_read_back(project: Path) -> None:
    folder = Path("Class2D/job001")
    run(job(), folder)
    assert job().saved(folder) == [0, 1, 2, 3]
    for end in ("data.star", "model.star", "sampling.star", "optimiser.star", "classes.mrcs"):
        assert (folder / f"run_it003_{end}").is_file()
    rows = star.read_table(folder / "run_it003_data.star", "particles")
    assert set(rows["class_number"].tolist()) <= {1, 2}
    assert np.abs(rows["psi_deg"]).max() <= 180
    found = classification.read(folder / "run_it003_optimiser.star")
    assert len(found.classes) == 2
    assert found.diameter_A == 110
    again = iterations.read(folder, 3)
    assert np.isclose(again.shares.sum(), 1, atol=1e-4)
    assert again.references.shape == (2, BOX, BOX)


@pytest.mark.parametrize("batches", [False, True])
def test_going_on_gives_what_an_undisturbed_run_gives(project: Path, batches: bool) -> None:
    chosen = {"use_em": False, "use_mini_batches": True, "mini_batches": 13} if batches else {}
    straight, broken = Path("Class2D/job001"), Path("Class2D/job002")
    run(job(**chosen), straight)
    run(job(**chosen), broken, until=1)
    assert not job(**chosen).done(job(**chosen).load(broken, job().saved(broken)[-1], Context(seed=5)))
    run(job(**chosen), broken)
    last = job().saved(straight)[-1]
    assert last == job().saved(broken)[-1] == (13 if batches else 3)
    one, two = (iterations.read(folder, last) for folder in (straight, broken))
    assert np.array_equal(one.references, two.references)
    for name in ("class_number", "psi_deg", "origin_x_A", "pmax", "norm_correction"):
        assert np.array_equal(one.particles[name], two.particles[name])
    assert len(list(broken.glob("*_exact.npz"))) == 2


@pytest.mark.parametrize("missing", ["all", "contrasts, which were not measured once"])
def test_an_iteration_without_its_exact_numbers_is_taken_up_from_its_classes(project: Path, missing: str) -> None:
    folder = Path("Class2D/job001")
    run(job(use_em=False, use_mini_batches=True, mini_batches=20), folder, until=10)
    held = exact.read(folder, 10)
    exact.file_of(folder, 10).unlink()
    if missing != "all":
        exact.write(folder, 10, {name: values for name, values in held.items() if not name.startswith("scales")})
    run(job(use_em=False, use_mini_batches=True, mini_batches=20), folder)
    assert np.isfinite(iterations.read(folder, 20).references).all()


def test_no_particles_is_said(project: Path) -> None:
    table = star.read_table("particles.star", "particles")
    star.write_table("particles.star", table.select(np.zeros(len(table), bool)))
    with pytest.raises(UserError, match=r"particles\.star"):
        job().begin(Context(folder=Path("x")))


def contrasts(path: Path, contrast: Sequence[float]) -> None:
    """Make the images of the three micrographs, whose noise has variance 1, of different contrast, and add as much noise."""
    images, pixel_size_A = mrc.read_stack(path)
    noise = np.random.default_rng(1).standard_normal(images.shape)
    mrc.write_stack(path, images * np.resize(contrast, COUNT)[:, None, None] + noise, pixel_size_A=pixel_size_A)


def groups(path: Path) -> dict[str, float]:
    found = star.read(path)["model_groups"]
    return dict(zip(found["rlnGroupName"].tolist(), found["rlnGroupScaleCorrection"].tolist()))


def labels(path: Path) -> dict[str, list[str]]:
    """The labels of each block of a file, but blocks that are alike once."""
    return {block.name.rstrip("0123456789"): sorted(block.columns if block.loop else block.values) for block in star.read(path)}


@pytest.mark.relion
@pytest.mark.parametrize("batches", [False, True], ids=["em", "batches"])
def test_contrasts_and_labels_are_those_of_relion(project: Path, relion: str, batches: bool) -> None:
    contrasts(Path("particles.mrcs"), (0.6, 1.0, 1.5))
    folder = Path("Class2D/job001")
    run(job(use_em=not batches, use_mini_batches=batches, em_iterations=10, mini_batches=10), folder)
    command = [f"{relion}/relion_refine", "--continue", str(folder / "run_it010_optimiser.star"), "--iter", "12", "--o"]
    done = subprocess.run([*command, str(folder / "run_ct10")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    ours, theirs = (groups(folder / f"run_{name}_model.star") for name in ("it010", "ct10_it012"))
    assert list(ours) == list(theirs) == ["m0.mrc", "m1.mrc", "m2.mrc"]
    np.testing.assert_allclose(list(ours.values()), list(theirs.values()), rtol=0.15)
    signal_to_noise = [contrast / np.hypot(contrast, 1) for contrast in (0.6, 1.5)]
    assert ours["m2.mrc"] / ours["m0.mrc"] == pytest.approx(signal_to_noise[1] / signal_to_noise[0], rel=0.1)
    for end in ("model", "data", "sampling", "optimiser"):
        mine, other = (labels(folder / f"run_{name}_{end}.star") for name in ("it010", "ct10_it012"))
        assert mine == other
    held = iterations.read(folder, chain.Saved(12, "run_ct10"))
    state = job(em_iterations=13).load(folder, chain.Saved(12, "run_ct10"), Context(folder=folder, seed=5)).state
    assert np.allclose(state.scales.factors, list(theirs.values()))
    kept = job().load(folder, 0, Context()).setup.images.kept
    assert np.allclose(state.sigma2[0].numpy(), held.sigma2.mean(0) / kept)


@pytest.mark.relion
def test_relion_goes_on_from_ours_and_we_from_relions(project: Path, relion: str) -> None:
    folder = Path("Class2D/job001")
    task = job(em_iterations=9)
    run(task, folder, until=8)
    command = [f"{relion}/relion_refine", "--continue", str(folder / "run_it008_optimiser.star"), "--iter", "9", "--o"]
    done = subprocess.run([*command, str(folder / "run_ct8")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    theirs = Path("Class2D/job002")
    theirs.mkdir(parents=True)
    for path in folder.glob("run_ct8_it009_*"):
        path.rename(theirs / path.name.replace("run_ct8_", "run_"))
    ours = iterations.read(folder, chain.Saved(8))
    found = iterations.read(theirs, 9)
    assert found.references.shape == ours.references.shape
    assert 0.3 < found.sigma2[0, 1:-2].mean() / ours.sigma2[0, 1:-2].mean() < 3
    assert 0.3 < np.linalg.norm(found.references) / np.linalg.norm(ours.references) < 3
    place = {name: i for i, name in enumerate(found.particles["image"].tolist())}
    rows = found.particles.select([place[name] for name in ours.particles["image"].tolist()])
    both = rows["class_number"] == ours.particles["class_number"]
    assert both.mean() > 0.9
    turn = np.radians(rows["psi_deg"] - ours.particles["psi_deg"])[both]
    assert np.degrees(np.median(np.abs(np.angle(np.exp(1j * turn))))) < 6
    for label in ("rlnAccuracyRotations", "rlnAccuracyTranslationsAngst"):
        files = (folder / "run_it008_model.star", theirs / "run_it009_model.star")
        mine, other = (star.read(path)["model_classes"][label] for path in files)
        assert 0.5 < np.mean(mine) / np.mean(other) < 2, f"{label}: {mine}, RELION {other} on the same classes"
    moved = np.hypot(*(rows[f"origin_{a}_A"] - ours.particles[f"origin_{a}_A"] for a in "xy"))[both]
    assert np.median(moved) < PIXEL_A
    state = task.load(theirs, 9, Context(folder=theirs, seed=5))
    assert state.iteration == 9
    assert np.array_equal(state.state.poses.classes + 1, rows["class_number"])
    assert task.done(state)


def test_a_classification_goes_on_with_less_memory_and_on_the_cpu_to_the_same_result(project: Path) -> None:
    said: list[str] = []
    run(job(), Path("straight"), threads=2)
    run(job(), Path("saving"), until=2, device="cuda", on_note=said.append)
    run(job(), Path("saving"), memory_GB=0.002, on_note=said.append)
    plan = [line.split(" ") for line in said if line.startswith("batches of")]
    assert [" ".join(words[-4:-1]) for words in (plan[0], plan[-1])] == ["the 4 GB", "the 0.002 GB"]
    assert int(plan[-1][2]) < COUNT < int(plan[0][2])
    one, other = (iterations.read(Path(folder), 3) for folder in ("straight", "saving"))
    scale = np.abs(one.references).max()
    np.testing.assert_allclose(other.references, one.references, atol=1e-4 * scale)
    assert (one.particles["class_number"] == other.particles["class_number"]).mean() > 0.98


@pytest.mark.parametrize("batches", [False, True])
def test_what_it_will_write_is_told_before(project: Path, batches: bool) -> None:
    task = job(use_em=False, use_mini_batches=True, mini_batches=30) if batches else job(em_iterations=5)
    size = task.size()
    assert size is not None
    run(task, Path("Class2D/job001"))
    written = sum(path.stat().st_size for path in Path("Class2D/job001").glob("run_*"))
    assert 0.3 < written / size.bytes < 3


@pytest.mark.parametrize("least_score", [0.0, 0.999999])
def test_good_classes_are_kept_if_asked(project: Path, least_score: float) -> None:
    made = Project.new(".")
    options = {"particles": "particles.star", "classes": 2, "particle_diameter_A": 110, "use_em": True, "use_mini_batches": False}
    choice = {"auto_select": True, "least_score": least_score}
    name = made.add(build(Class2D, {**options, **choice, "em_iterations": 3}), seed=5)
    assert made.run(name, quiet=True).status == "succeeded"
    nodes = {node.removeprefix(name) for job, node in made.graph().outputs if job == name}
    kept = {"particles.star", "class_averages.star", "backup_selection.star"}
    if least_score > 0.9:
        assert not kept & nodes
        assert "nothing was selected" in Path(f"{name}run.out").read_text()
        return
    assert kept < nodes
    chosen = star.read_table(f"{name}particles.star", "particles")
    assert len(chosen) == COUNT
    assert star.read_table(f"{name}class_averages.star", "")["reference_image"].tolist() == [
        f"{i:06d}@{name}run_it003_classes.mrcs" for i in (1, 2)
    ]
    again = made.add(Select(model=name, choice=ClassChoice(by_score=True, least_score=least_score)))
    made.run(again, quiet=True)
    assert np.array_equal(star.read_table(f"{again}particles.star", "particles")["image"], chosen["image"])


@pytest.mark.relion
@pytest.mark.parametrize("batches", [False, True], ids=["em", "batches"])
def test_a_classification_that_relion_began_goes_on_here(project: Path, relion: str, batches: bool) -> None:
    """Its files keep RELION's labels, its contrasts and noise are taken over, and the two shapes come apart."""
    made = Project.new(".")
    options = {"particles": "particles.star", "classes": 2, "particle_diameter_A": 110.0, "mini_batches": 20}
    how = {"use_em": not batches, "use_mini_batches": batches, "em_iterations": 8}
    Path("Theirs").mkdir()
    said = "--K 2 --particle_diameter 110 --ctf --tau2_fudge 2 --flatten_solvent --zero_mask --norm --scale --pad 2"
    grid = "--oversampling 1 --psi_step 12 --offset_range 5 --offset_step 2 --random_seed 4 --iter 4 --center_classes"
    command = [f"{relion}/relion_refine", "--i", "particles.star", "--o", "Theirs/run", *said.split(), *grid.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    start = "Theirs/run_it004_optimiser.star"
    name = made.add(build(Class2D, {**options, **how, "continue_from": start}), seed=5)
    assert made.run(name, quiet=True).status == "succeeded"
    last = chain.latest(Path(name))
    assert last is not None and last.name == ("run_ct4_it020" if batches else "run_ct4_it008")
    for end in ("model", "sampling", "optimiser"):
        assert labels(Path(name) / f"{last.name}_{end}.star") == labels(Path(f"Theirs/run_it004_{end}.star"))
    found = iterations.read(Path(name), last).particles
    kind = np.array([int(one.partition("@")[0]) % 2 for one in found["image"].tolist()])
    same = (kind == found["class_number"] - 1).mean()
    assert max(same, 1 - same) > 0.9
