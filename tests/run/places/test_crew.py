"""Which jobs are done by workers from elsewhere, and what such workers find."""

import stat

import pytest

from vitreous.job.placement import Placement
from vitreous.run.folder import JobFolder
from vitreous.run.places import environment, offer
from vitreous.run.places.bringers import worker_command, worker_script
from vitreous.run.places.crew import from_elsewhere
from vitreous.run.places.worker import name_here


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in [name for names in environment.RANKS for name in names] + ["RELION_QSUB_TEMPLATE"]:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("place", "elsewhere"),
    [
        (Placement(workers=4), False),
        (Placement(workers=4, use_queue=True), True),
        (Placement(workers=1, use_queue=True), False),
        (Placement(workers=4, use_queue=True, queue_template="site.sh"), False),
        (Placement(profile="site"), True),
        (Placement(use_queue=True, device="cuda", gpus_per_node=2, workers_per_gpu=2), True),
    ],
)
def test_whose_workers_come_from_elsewhere(place, elsewhere):
    assert from_elsewhere(place) is elsewhere


def test_a_template_of_the_site_counts_as_one_of_the_job(monkeypatch):
    place = Placement(workers=4, use_queue=True)
    monkeypatch.setenv("RELION_QSUB_TEMPLATE", "site.sh")
    assert not from_elsewhere(place)
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "0")
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "5")
    assert from_elsewhere(place)


def test_an_offer_is_for_the_eyes_of_its_user_alone(tmp_path):
    folder = JobFolder(tmp_path)
    keys = offer.new_keys()
    path = offer.post(folder, offer.Offer(("tls://10.0.0.1:4711",), keys))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    found = offer.read(path)
    assert found is not None and found.addresses == ("tls://10.0.0.1:4711",)
    assert "BEGIN" in keys["tls_worker_key"] and found.security().require_encryption
    path.write_text("{")
    assert offer.read(path) is None
    assert offer.read(tmp_path / "none") is None


def test_addresses_of_this_machine_come_before_that_of_any_machine():
    found = offer.machine_addresses(4711)
    assert found[-1] == "tls://127.0.0.1:4711"
    assert all(address.endswith(":4711") for address in found)
    assert offer.machine_addresses(4711, "head.site.edu") == ("tls://head.site.edu:4711",)
    assert not offer.answers("tls://127.0.0.1:1")


def test_a_worker_is_named_by_batch_node_process_and_place_on_the_node(monkeypatch):
    for name, value in (("SLURM_ARRAY_JOB_ID", "12"), ("SLURM_ARRAY_TASK_ID", "3"), ("SLURMD_NODENAME", "node2")):
        monkeypatch.setenv(name, value)
    said = name_here(environment.Rank(5, 8, 1))
    assert said.startswith("12_3:node2:") and said.endswith("-1")


def test_workers_of_a_gpu_come_together_in_one_script(tmp_path):
    place = Placement(use_queue=True, device="cuda", nodes=2, gpus_per_node=4, workers_per_gpu=3, threads=2, memory_GB=2)
    said = worker_script(place, "CtfFind/job003/", tmp_path / "offer.json", folder="/p")
    for line in (
        "--ntasks=3",
        "--gres=gpu:1",
        "--cpus-per-task=2",
        "--mem=6144M",
        "--no-requeue",
        "--job-name=CtfFind_job003.worker",
    ):
        assert f"#SBATCH {line}\n" in said
    assert worker_command(tmp_path / "offer.json", 2) in said
    assert worker_command(tmp_path / "offer.json", 2, 1).endswith("--threads 2 --copy 1")
