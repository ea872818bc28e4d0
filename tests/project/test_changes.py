import pytest

from vitreous.context import UserError
from vitreous.project.commands import main


def test_what_would_change_is_said(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"), seed=3)
    said = project.changes(name, {"factor_x": "4", "listing": "list.txt", "limit": "7", "nr_threads": "2", "random_seed": "5"})
    assert said == ["factor was 2, is now 4", "limit was empty, is now 7", "threads was 1, is now 2", "seed was 3, is now 5"]


def test_iterations_keep_their_input(project, toys):
    name = project.add(toys.ToyLoop(start="start.txt", rounds=2))
    (project.layout.root / "other.txt").write_text("3")
    assert project.loaded(name, {"start": "other.txt"}).job.start == "other.txt", "nothing is done yet"
    project.run(name, quiet=True)
    before = project.graph()
    with pytest.raises(
        UserError, match=r"has iterations already, whose input cannot change \(start was start.txt, is now other.txt\)"
    ):
        project.continue_(name, changed={"start": "other.txt"}, quiet=True)
    assert project.graph() == before, "the state and the edges are as they were"
    assert project.continue_(name, changed={"rounds": "3"}, quiet=True).did == 1
    assert project.loaded(name).job.rounds == 3, "job.star is kept up to date"
    project.overwrite(name, changed={"start": "other.txt"}, quiet=True)
    assert project.graph().inputs == [("other.txt", name)]


def test_a_map_job_may_take_other_input(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    project.run(name, quiet=True)
    (project.layout.root / "more.txt").write_text("a 1\nd 4\n")
    assert project.continue_(name, changed={"listing": "more.txt"}, quiet=True).did == 2
    assert project.graph().inputs == [("more.txt", name)]


def test_the_verbs_say_it(project, toys, capsys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    main(["continue", name, "--set", "factor_x=4"])
    assert "factor was 2, is now 4" in capsys.readouterr().out, "a job that never ran"
    main(["continue", name, "--set", "factor_x=5"])
    said = capsys.readouterr()
    assert "factor was 4.0, is now 5.0" in said.out + said.err
