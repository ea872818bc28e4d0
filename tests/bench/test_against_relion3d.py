"""The benchmarks of 3D jobs beside RELION: which files are judged, how the figures are put, where a mask is placed."""

import numpy as np
import pytest


def touched(folder, *names):
    for name in names:
        (folder / name).touch()


def test_the_last_files_are_judged_or_else_the_last_whole_iteration(bench, tmp_path):
    result = bench.refine3d_vs_relion.result
    touched(tmp_path, "run_it000_optimiser.star")
    assert result(tmp_path) is None
    touched(tmp_path, "run_it009_optimiser.star", "run_it010_half1_class001.mrc")
    assert [path.name for path in result(tmp_path)] == ["run_it009_half1_class001.mrc", "run_it009_data.star"]
    touched(tmp_path, "run_class001.mrc", "run_data.star")
    assert [path.name for path in result(tmp_path)] == ["run_class001.mrc", "run_data.star"]


def cost(bench, cpu_s, *, stopped=False):
    return bench.measured.Cost(cpu_s=cpu_s, wall_s=1.0, peak_MB=1.0, stopped=stopped, marks={})


def quality(bench, shells, angle_deg):
    curve = (np.arange(33) <= shells).astype(float)
    return bench.judge3d.Judged(curve, 320.0, np.full(5, angle_deg), np.zeros(5), False)


def test_figures_stand_beside_each_other(bench):
    ours, theirs = quality(bench, 20, 0.7), quality(bench, 16, 0.9)
    text = bench.refine3d_vs_relion.standing(cost(bench, 10.0), ours, cost(bench, 250.0, stopped=True), theirs)
    assert text.startswith("RELION took at least 25.0 times our CPU seconds")
    assert "15.61 against 19.39 Å" in text and "0.70 against 0.90°" in text


def test_folds_are_counted(bench):
    found = [(cost(bench, spent), quality(bench, shells, 0.0)) for spent, shells in ((50.0, 20), (150.0, 16), (100.0, 8))]
    assert bench.initial_model_vs_relion.summary(found) == "right fold in 2 of 3; CPU 100 s in the mean, 150 s at most"


def test_a_cropped_mask_is_placed_where_it_covers_most(bench):
    target = np.zeros((16, 16, 16), np.float32)
    target[5:9, 7:12, 3:6] = 1.0
    region = bench.map_model.placed(target[4:11, 5:13, 2:9], target)
    np.testing.assert_array_equal(region, target > 0.5)


def test_where_a_curve_crosses_is_read_between_shells(bench):
    curve = np.array([1.0, 0.2, 1.0, 0.7, 0.3, 0.6])
    assert bench.map_model.crossing_A(curve, 70.0) == pytest.approx(70 / 3.5)
    assert bench.map_model.crossing_A(np.ones(6), 70.0) == 14.0
