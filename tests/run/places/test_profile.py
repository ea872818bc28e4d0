"""Run profiles as in cisTEM: the three Slurm recipes word for word, copies, delays, files."""

import pytest

from vitreous.context import UserError
from vitreous.run.places import profile
from vitreous.run.places.profile import Profile, WorkerCommand

WORKER = "python -m worker offer.json"


def lines(made: Profile, most: int = 10_000) -> list[tuple[str, float]]:
    return list(profile.launches(made, lambda threads, copy: WORKER, most=most))


def test_each_worker_submitted_by_itself():
    recipe = 'sbatch -n 1 -c 1 --mem 4G -p em --wrap="$command"'
    made = Profile("slurm 1", (WorkerCommand(recipe, copies=120, delay_ms=100),))
    found = lines(made)
    assert len(found) == 120
    assert set(found) == {('sbatch -n 1 -c 1 --mem 4G -p em --wrap="python -m worker offer.json"', 0.1)}


def test_the_leader_on_a_node():
    made = Profile("slurm 2", (WorkerCommand("$command"),), manager="srun -p em $command")
    assert profile.expanded(made.manager, "vitreous project run 3 --placed") == "srun -p em vitreous project run 3 --placed"
    assert made.address == ""


def test_one_allocation_of_eight_nodes():
    made = Profile(
        "slurm 3",
        (WorkerCommand("srun -N 1 -n 1 -c 1 $command", copies=8 * 44 - 1, delay_ms=50),),
        manager="salloc -N 8 -c 44 -P em srun -N 1 -n 1 -c 1 $command",
    )
    assert profile.expanded(made.manager, "lead") == "salloc -N 8 -c 44 -P em srun -N 1 -n 1 -c 1 lead"
    found = lines(made)
    assert len(found) == made.copies == 351
    assert found[350] == (f"srun -N 1 -n 1 -c 1 {WORKER}", 0.05)


def test_no_more_workers_than_units():
    made = Profile("p", (WorkerCommand("a $command", copies=3), WorkerCommand("b $command", copies=3)))
    assert [line[0] for line, _ in lines(made, most=4)] == ["a", "a", "a", "b"]
    assert len(lines(made, most=0)) == 0


def test_a_place_that_nobody_filled_is_told():
    with pytest.raises(UserError, match=r"#\{partition\}"):
        profile.expanded("srun -p #{partition} $command", "x")


def test_the_name_of_the_program():
    assert profile.expanded("ssh node '$program_name: $command'", "x", program="ctf-find") == "ssh node 'ctf-find: x'"


def test_profiles_are_kept_in_files_of_the_project_before_those_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    own, everywhere = profile.folders(tmp_path)
    first = Profile("my site", (WorkerCommand("a $command", 4, 2, 100),), "ssh head $command", "10.0.0.1")
    profile.write(everywhere, first)
    assert profile.find(tmp_path, "my site") == first
    profile.write(own, Profile("my site", (WorkerCommand("b $command"),)))
    assert profile.find(tmp_path, "my site").workers[0].command == "b $command"
    assert list(profile.known(tmp_path)) == ["Default Local", "my site"]
    with pytest.raises(UserError, match="there are Default Local, my site"):
        profile.find(tmp_path, "other")


@pytest.mark.parametrize(
    "made",
    [
        Profile("a/b", (WorkerCommand("$command"),)),
        Profile("p", (WorkerCommand("sbatch job.sh"),)),
        Profile("p", (WorkerCommand("$command"),), manager="ssh head"),
        Profile("p", ()),
    ],
)
def test_a_profile_that_cannot_work_is_refused(made, tmp_path):
    with pytest.raises(UserError):
        profile.write(tmp_path, made)


def test_a_broken_file_is_told(tmp_path):
    (tmp_path / "x.json").write_text('{"name": "x", "workers": [{"line": "$command"}]}')
    with pytest.raises(UserError, match=r"x\.json is no run profile"):
        profile.read(tmp_path / "x.json")


def test_commands_are_started_one_by_one_with_their_delay(tmp_path):
    paused: list[float] = []
    given = [(f"echo {number} >> {tmp_path}/said", 0.05) for number in range(3)]
    started = profile.start(given, log=tmp_path / "log", environment={"PATH": "/usr/bin:/bin"}, pause=paused.append)
    for process in started:
        process.wait(timeout=20)
    assert paused == [0.05] * 3
    assert sorted((tmp_path / "said").read_text().split()) == ["0", "1", "2"]
