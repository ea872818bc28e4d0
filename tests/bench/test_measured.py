"""What programs cost, as the benchmarks measure it."""

import sys

import pytest

SPIN = "import time; held = bytearray(60_000_000); end = time.process_time() + 0.4\nwhile time.process_time() < end: pass"


def test_cpu_memory_and_files_of_a_program(bench, tmp_path):
    words = [sys.executable, "-c", f"{SPIN}\nopen('{tmp_path}/half.star', 'w').close(); time.sleep(0.5)\n{SPIN}"]
    cost = bench.measured.measured(words, log=tmp_path / "log", watch=tmp_path, pattern="*.star")
    assert 0.8 <= cost.cpu_s < 3 and cost.wall_s > 1.2 and not cost.stopped
    assert 60 < cost.peak_MB < 400
    assert 0.4 <= cost.marks["half.star"] < cost.cpu_s - 0.3


def test_a_program_is_stopped_once_a_file_is_there_and_one_that_fails_is_told(bench, tmp_path):
    words = [sys.executable, "-c", f"import time; open('{tmp_path}/a.star', 'w').close(); time.sleep(60)"]
    cost = bench.measured.measured(words, log=tmp_path / "log", watch=tmp_path, until="a.star")
    assert cost.stopped and cost.wall_s < 30
    with pytest.raises(SystemExit, match="ended with 3"):
        bench.measured.measured([sys.executable, "-c", "raise SystemExit(3)"], log=tmp_path / "log")


def test_memory_and_cpu_of_what_a_program_starts_count(bench, tmp_path):
    words = [
        sys.executable,
        "-c",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPIN!r} + '\\ntime.sleep(0.5)'])",
    ]
    cost = bench.measured.measured(words, log=tmp_path / "log")
    assert cost.cpu_s >= 0.4 and cost.peak_MB > 65


def test_what_each_iteration_and_each_visit_took_is_told_from_the_files_seen(bench):
    last, visits = bench.class2d_scaling.stop(50_000, 20, 10_000)
    assert 10_000 <= visits < bench.class2d_scaling.stop(50_000, 20, 0)[1]
    seconds = {0: 1.0, 1: 2.5, last: 5.0}
    marks = {f"run_it{number:03d}_optimiser.star": seconds[number] for number in (0, last, 1)}
    cost = bench.measured.Cost(cpu_s=6.0, wall_s=9.0, peak_MB=80.0, stopped=True, marks=marks)
    assert bench.class2d_vs_relion.by_iteration(cost) == "2 iterations, stopped; CPU-s of each: 1.5 2.5"
    row = bench.class2d_scaling.line(50_000, cost, classes=20, visits=10_000).split()
    assert row[:3] == ["50,000", "1.0", f"{visits:,}"] and row[4] == "80"
    assert float(row[3]) == pytest.approx(4000 / visits, abs=1e-3)


def test_the_last_whole_iteration_is_found(bench, tmp_path):
    for name in ("run_it000_optimiser.star", "run_it009_optimiser.star", "run_it010_data.star"):
        (tmp_path / name).touch()
    data, classes = bench.class2d_vs_relion.last_iteration(tmp_path)
    assert (data.name, classes.name) == ("run_it009_data.star", "run_it009_classes.mrcs")
