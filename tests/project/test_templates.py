import json
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.project import templates
from vitreous.project.templates import Step, Template


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    """A folder of the user's own templates that is not the real one."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def chain(project, toys):
    """Two jobs, the second on the output of the first."""
    first = project.add(toys.ToyMap(listing="list.txt", manner=toys.Manner(factor=3.0)))
    second = project.add(toys.ToyMap(listing=f"{first}table.json", mask="mask.mrc"))
    return [first, second]


def made(project, chain):
    return templates.of_jobs(project.layout, project.graph(), reversed(chain), "Two steps")


def test_a_template_of_jobs_keeps_what_differs_and_leaves_inputs_open(project, chain):
    first, second = made(project, chain).steps
    assert first == Step(type="toy-map", values={"factor": "3"}, blanks=["listing"])
    assert second == Step(type="toy-map", values={"listing": "@1"}, blanks=["mask"])


def test_it_is_kept_found_given_out_and_taken_away(project, chain, config):
    root = project.layout.root
    assert templates.save(root, made(project, chain)) == "two-steps"
    assert (root / ".vitreous/templates/two-steps.json").is_file()
    templates.save(root, Template(name="Mine", steps=[Step(type="toy-loop")]), scope="user")
    assert (config / "vitreous/templates/mine.json").is_file()
    assert {word: scope for word, (scope, _) in templates.known(root).items()} == {"two-steps": "project", "mine": "user"}
    again = templates.parse(templates.text_of(templates.find(root, "two-steps")))
    assert again == made(project, chain)
    assert templates.remove(root, "two-steps") == again
    assert list(templates.known(root)) == ["mine"]
    with pytest.raises(UserError, match="there is no template 'two-steps'"):
        templates.find(root, "two-steps")


def test_starting_one_adds_its_jobs_in_order(project, chain):
    names = templates.add(project.layout, project.graph(), made(project, chain), {"1.listing": "list.txt"})
    assert names == ["External/job003/", "External/job004/"]
    third, fourth = (project.loaded(name).job for name in names)
    assert (third.listing, third.manner.factor) == ("list.txt", 3.0)
    assert fourth.listing == "External/job003/"
    assert project.graph().parents(names[1]) == [names[0]]
    assert {project.graph().processes[name].status for name in names} == {"Scheduled"}


def test_nothing_is_added_when_a_blank_is_missing_wrong_or_unknown(project, chain):
    before = list(project.graph().processes)
    template = made(project, chain)
    for answers, said in (
        ({}, "listing: choose a file"),
        ({"1.listing": "list.txt", "1.factor": "2"}, "has no blank '1.factor'"),
        ({"1.listing": "list.txt", "2.mask": "@9"}, "output of step 9, which is not before it"),
        ({"1.listing": "@1"}, "which is not before it"),
    ):
        with pytest.raises(UserError, match=said):
            templates.add(project.layout, project.graph(), template, answers)
    assert list(project.graph().processes) == before


@pytest.mark.parametrize(
    "steps, said",
    [
        ([], "1 to 40 steps"),
        ([{"type": "no-such"}], "job type 'no-such'"),
        ([{"type": "toy-map", "values": {"wings": "2"}}], "no setting 'wings'"),
        ([{"type": "toy-map", "values": {"listing": "@1"}}], "is not before it"),
        ([{"type": "toy-map", "more": 1}], "is no template"),
    ],
)
def test_a_file_that_is_no_template_is_refused_and_passed_over(project, toys, steps, said):
    text = json.dumps({"name": "T", "steps": steps})
    with pytest.raises(UserError, match=said):
        templates.parse(text)
    folder = Path(".vitreous/templates")
    folder.mkdir(parents=True)
    (folder / "t.json").write_text(text)
    assert templates.known(project.layout.root) == {}


@pytest.mark.parametrize("name", ["", "../..", "///", "…"])
def test_a_name_cannot_lead_out_of_the_folder(project, toys, name):
    with pytest.raises(UserError, match="needs a letter or digit"):
        templates.save(project.layout.root, Template(name=name, steps=[Step(type="toy-loop")]))
