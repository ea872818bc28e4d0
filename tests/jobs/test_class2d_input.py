"""Particle stacks that class2d meets: of other number types, broken, cut short, gone; and classes that get nothing."""

from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import iterations, mrc, star
from vitreous.jobs.class2d import Class2D
from vitreous.methods.refinement.settings import Classification

COUNT = 60


@pytest.fixture
def project(blob_project: Path) -> Path:
    return blob_project


def run(folder: Path, *, seed: int = 5, **values: object) -> None:
    plain = {"classes": 2, "particle_diameter_A": 110, "use_em": True, "use_mini_batches": False, "em_iterations": 3}
    task, context = (
        Class2D(particles="particles.star", classification=Classification(**{**plain, **values})),
        Context(folder=folder, seed=seed),
    )
    state = task.begin(context)
    task.save(state, folder, context)
    while not task.done(state):
        state = task.step(state, context)
        task.save(state, folder, context)


def test_half_precision_gives_the_same_classes(project: Path) -> None:
    run(Path("single"))
    images, pixel_size_A = mrc.read_stack("particles.mrcs")
    mrc.write_stack("particles.mrcs", images, pixel_size_A=pixel_size_A, dtype="float16")
    assert mrc.read_header("particles.mrcs").mode == 12
    run(Path("half"))
    one, other = (iterations.read(Path(folder), 3) for folder in ("single", "half"))
    assert (one.particles["class_number"] == other.particles["class_number"]).mean() > 0.98
    assert np.corrcoef(one.references.ravel(), other.references.ravel())[0, 1] > 0.999


def test_rows_in_another_order_than_the_images_find_the_same_classes(project: Path) -> None:
    run(Path("ordered"))
    table = star.read_table("particles.star", "particles")
    star.write_table("particles.star", table.select(np.random.default_rng(3).permutation(COUNT)))
    run(Path("shuffled"), em_iterations=8)
    found = iterations.read(Path("shuffled"), 8).particles
    assert found["image"].tolist() == star.read_table("particles.star", "particles")["image"].tolist()
    kind = np.array([int(name.partition("@")[0]) % 2 for name in found["image"].tolist()])
    same = (kind == found["class_number"] - 1).mean()
    assert max(same, 1 - same) > 0.95


def test_an_odd_box_is_refused(project: Path) -> None:
    mrc.write_stack("particles.mrcs", np.ones((COUNT, 33, 33), np.float32), pixel_size_A=5.0)
    with pytest.raises(UserError, match=r"33 pixels have an odd side.*with a box of 34"):
        run(Path("x"))


def test_a_stack_that_is_gone_is_named(project: Path) -> None:
    Path("particles.mrcs").unlink()
    with pytest.raises(UserError, match=r"particles\.mrcs"):
        run(Path("x"))


def test_a_stack_that_was_cut_short_is_named(project: Path) -> None:
    path = Path("particles.mrcs")
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(UserError, match=r"particles\.mrcs.*(cut short|shorter|truncated)"):
        run(Path("x"))


def test_particles_that_are_set_aside_have_no_class(project: Path) -> None:
    images, pixel_size_A = mrc.read_stack("particles.mrcs")
    images[7], images[20, 3, 3] = 0.0, np.nan
    mrc.write_stack("particles.mrcs", images, pixel_size_A=pixel_size_A)
    run(Path("x"))
    rows = iterations.read(Path("x"), 3).particles
    assert np.flatnonzero(rows["class_number"] == 0).tolist() == [7, 20]
    model = star.read("x/run_it003_model.star")
    assert sum(float(share) for share in model["model_classes"]["rlnClassDistribution"]) == pytest.approx(1, abs=1e-5)


def test_more_classes_than_shapes_leave_whole_files(project: Path) -> None:
    run(Path("x"), classes=30)
    model = star.read("x/run_it003_model.star")["model_classes"]
    for label in ("rlnClassDistribution", "rlnEstimatedResolution", "rlnAccuracyRotations", "rlnClassPriorOffsetX"):
        assert np.isfinite(np.asarray(model[label], float)).all(), label
    assert np.isfinite(iterations.read(Path("x"), 3).references).all()
