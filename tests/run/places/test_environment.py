"""What a site and a launcher say by environment variables."""

import os

import pytest

from vitreous.context import UserError
from vitreous.job.placement import Placement
from vitreous.run.places import environment

LAUNCHED = [name for names in environment.RANKS for name in names]


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    site = [name for name in os.environ if name.startswith("RELION_")]
    for name in (*site, *LAUNCHED, "SLURM_CPUS_PER_TASK", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)


def test_a_site_gives_the_defaults_of_the_queue():
    said = {
        "RELION_QSUB_TEMPLATE": "/site/qsub.sh",
        "RELION_QSUB_COMMAND": "qsub",
        "RELION_QUEUE_NAME": "em",
        "RELION_QUEUE_USE": "yes",
        "RELION_QSUB_NRMPI": "4",
        "RELION_QSUB_NRTHREADS": "8",
        "RELION_MINIMUM_DEDICATED": "24",
        "RELION_QSUB_EXTRA_COUNT": "2",
        "RELION_QSUB_EXTRA1": "Time",
        "RELION_QSUB_EXTRA1_DEFAULT": "8:00",
        "RELION_QSUB_EXTRA1_HELP": "hours",
        "RELION_QSUB_EXTRA2": "Memory",
    }
    place = Placement(**environment.site_defaults(said))
    assert (place.queue_template, place.submit, place.queue, place.use_queue) == ("/site/qsub.sh", "qsub", "em", True)
    assert (place.workers, place.threads, place.dedicated_cores, place.queue_extra) == (4, 8, 24, ("8:00", ""))
    fields = environment.site_fields(said)
    assert [(field.label, field.default, field.help) for field in fields] == [("Time", "8:00", "hours"), ("Memory", "", "")]


def test_fields_without_a_count_are_counted():
    assert [f.label for f in environment.site_fields({"RELION_QSUB_EXTRA1": "a", "RELION_QSUB_EXTRA2": "b"})] == ["a", "b"]
    assert environment.site_fields({}) == []
    assert environment.site_defaults({}) == {}


def test_empty_fields_are_completed_and_others_kept(monkeypatch):
    monkeypatch.setenv("RELION_QUEUE_NAME", "em")
    monkeypatch.setenv("RELION_QSUB_COMMAND", "qsub")
    monkeypatch.setenv("RELION_QSUB_EXTRA1", "Time")
    monkeypatch.setenv("RELION_QSUB_EXTRA1_DEFAULT", "8:00")
    found = environment.completed(Placement(queue="mine"))
    assert (found.queue, found.submit, found.queue_extra) == ("mine", "qsub", ("8:00",))
    assert environment.completed(Placement(queue_extra=("1:00",))).queue_extra == ("1:00",)


def test_whole_nodes_are_enforced_where_a_site_says_so(monkeypatch):
    monkeypatch.setenv("RELION_MINIMUM_DEDICATED", "24")
    assert environment.completed(Placement(dedicated_cores=4)).dedicated_cores == 4
    monkeypatch.setenv("RELION_ALLOW_CHANGE_MINIMUM_DEDICATED", "No")
    assert environment.completed(Placement(dedicated_cores=4)).dedicated_cores == 24


def test_limits_of_a_site(monkeypatch):
    monkeypatch.setenv("RELION_MPI_MAX", "8")
    monkeypatch.setenv("RELION_THREAD_MAX", "4")
    environment.completed(Placement(workers=8, threads=4))
    with pytest.raises(UserError, match="RELION_MPI_MAX"):
        environment.completed(Placement(workers=9))
    with pytest.raises(UserError, match="RELION_THREAD_MAX"):
        environment.completed(Placement(threads=5))
    assert environment.too_wide_here(Placement(workers=64)) == ""
    monkeypatch.setenv("RELION_WARNING_LOCAL_MPI", "4")
    assert "site warns from 4" in environment.too_wide_here(Placement(workers=5))
    monkeypatch.setenv("RELION_ERROR_LOCAL_MPI", "6")
    with pytest.raises(UserError, match="--use-queue"):
        environment.too_wide_here(Placement(workers=7))


@pytest.mark.parametrize("names", environment.RANKS)
def test_ranks_of_each_launcher(names, monkeypatch):
    assert environment.rank_here() == environment.Rank()
    for name, value in zip(names, ("3", "8", "1")):
        monkeypatch.setenv(name, value)
    assert environment.rank_here() == environment.Rank(3, 8, 1)


def test_a_leader_that_nobody_needs_is_left_out(monkeypatch):
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "5")
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "2")
    assert not environment.leave_out_leader(5)
    assert not environment.leave_out_leader(4)
    assert environment.rank_here().size == 4
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "5")
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "4")
    assert environment.leave_out_leader(4)


def test_threads_are_those_that_slurm_gives(monkeypatch):
    assert environment.threads_here(3) == 3
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "7")
    assert environment.threads_here(3) == 7


def test_each_process_of_a_node_takes_its_own_gpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 3")
    assert environment.visible_gpus() == ["2", "3"]
    assert environment.take_gpu(3) == "3"
    assert environment.visible_gpus() == ["3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert environment.take_gpu(1) == ""


def test_the_launcher_of_ranks(monkeypatch):
    assert environment.launcher() == "srun"
    monkeypatch.setenv("RELION_MPI_RUN", "mpiexec")
    assert environment.launcher() == "mpiexec"
    monkeypatch.setenv("RELION_MPIRUN", "mpirun --oversubscribe")
    assert environment.launcher() == "mpirun --oversubscribe"
