"""What a placement asks of a batch system: even shares, M17's and M20's counts."""

import pytest

from vitreous.context import UserError
from vitreous.job.placement import Placement, device_lists, device_of
from vitreous.run.places import request


def test_sixteen_workers_are_seventeen_ranks():
    laid = request.ranks(Placement(workers=16), "job")
    assert (laid.total, laid.most_per_node) == (17, 17)
    assert laid.hosts(["n1"]) == ["n1"] * 17


def test_three_nodes_of_two_gpus_and_four_workers_are_twenty_five_ranks():
    place = Placement(device="cuda", nodes=3, gpus_per_node=2, workers_per_gpu=4)
    laid = request.ranks(place, "job")
    assert (request.workers_of(place), laid.total, laid.most_per_node) == (24, 25, 9)
    hosts = laid.hosts(["a", "b", "c"])
    assert [hosts.count(name) for name in "abc"] == [9, 8, 8]
    assert hosts[0] == "a" and len(hosts) == 25


def test_a_team_has_no_leader_that_takes_a_place():
    asked = request.team(Placement(device="cuda", nodes=3, gpus_per_node=2, workers_per_gpu=4, threads=2, memory_GB=3), "job")
    assert (asked.nodes, asked.tasks_per_node, asked.tasks, asked.gpus, asked.threads) == (3, 8, 24, 2, 2)
    assert asked.memory_MB == 8 * 3 * 1024


@pytest.mark.parametrize(("workers", "choice"), [(9, "8 or 12"), (3, "take 4"), (13, "12 or 16")])
def test_uneven_workers_are_refused_with_what_would_do(workers, choice):
    place = Placement(device="cuda", nodes=2, gpus_per_node=2, workers=workers)
    with pytest.raises(UserError, match=choice):
        request.team(place, "job")


def test_a_map_job_has_a_small_leader_and_batches_of_workers_that_share_a_gpu():
    place = Placement(device="cuda", nodes=2, gpus_per_node=4, workers_per_gpu=3, threads=2, memory_GB=5)
    lead, worker = request.lead(place, "job"), request.worker(place, "job")
    assert (lead.tasks, lead.threads, lead.gpus, lead.memory_MB) == (1, 1, 0, request.LEAD_MEMORY_MB)
    assert (worker.tasks, worker.threads, worker.gpus, worker.memory_MB) == (3, 2, 1, 3 * 5 * 1024)
    assert request.worker_jobs(place, "job") == 8
    assert lead.again and not worker.again


def test_a_map_job_on_cpus_has_a_batch_job_for_each_worker():
    place = Placement(workers=10, threads=4, nodes=5)
    assert request.worker(place, "job").tasks == 1
    assert request.worker_jobs(place, "job") == 10


def test_gpus_are_those_that_are_named_or_one():
    assert request.gpus_of(Placement(device="cuda")) == 1
    assert request.gpus_of(Placement(device="cuda", gpus="0:1:3")) == 3
    assert request.gpus_of(Placement(device="cuda", gpus="0,1:2,3")) == 4
    assert request.gpus_of(Placement(device="cpu", gpus="0:1")) == 0


def test_one_node_holds_all_threads_of_a_job_that_starts_its_own_processes():
    asked = request.one_node(Placement(workers=4, threads=2, memory_GB=2), "job")
    assert (asked.tasks, asked.threads, asked.memory_MB) == (1, 8, 8192)


@pytest.mark.parametrize(
    ("gpus", "workers", "devices"),
    [
        ("0:1", 4, ["cuda:0", "cuda:1", "cuda:0", "cuda:1"]),
        ("0,1:2,3", 4, ["cuda:0", "cuda:2", "cuda:1", "cuda:3"]),
        ("3", 2, ["cuda:3", "cuda:3"]),
        ("0:1,2", 4, ["cuda:0", "cuda:1", "cuda:0", "cuda:2"]),
    ],
)
def test_gpu_ids_in_relions_form(gpus, workers, devices):
    place = Placement(device="cuda", gpus=gpus)
    assert [device_of(place, number) for number in range(workers)] == devices


def test_without_ids_workers_take_what_is_there_in_turn():
    assert [device_of(Placement(device="cuda"), number, present=2) for number in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert device_of(Placement(device="cuda"), 1, present=1) == "cuda"
    assert device_of(Placement(device="cpu", gpus="0:1"), 1, present=4) == "cpu"


def test_a_wrong_gpu_id_is_told():
    with pytest.raises(UserError, match="0:1"):
        device_lists("0:a")
