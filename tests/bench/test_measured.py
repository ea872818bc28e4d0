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
