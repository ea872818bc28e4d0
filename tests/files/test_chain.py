import json

import pytest

from vitreous.context import UserError
from vitreous.files import chain


def made(folder, *names):
    for name in names:
        (folder / f"{name}_optimiser.star").touch()


def noted(folder, *lines):
    path = folder / chain.LOG
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in lines)


def names(folder):
    return [one.name for one in chain.saved(folder)]


def test_roots_of_continued_runs_are_read_in_any_mixture(tmp_path):
    made(tmp_path, "run_it000", "run_it023", "run_ct23_it024", "run_it025", "run_ct100_it101", "run_ct25_it026", "run_it1000")
    made(tmp_path, "runner_it030", "run_ct_it031", "run")
    expected = ["run_it000", "run_it023", "run_ct23_it024", "run_it025", "run_ct25_it026", "run_ct100_it101", "run_it1000"]
    assert names(tmp_path) == expected
    assert chain.latest(tmp_path).name == "run_it1000"


def test_of_equal_numbers_the_later_root_counts(tmp_path):
    made(tmp_path, "run_it025", "run_ct9_it025", "run_ct23_it025", "run_it024")
    assert names(tmp_path) == ["run_it024", "run_ct23_it025"]
    assert chain.start_of(tmp_path, 25) == str(tmp_path / "run_ct23_it025")
    assert chain.start_of(tmp_path, chain.Saved(25)) == str(tmp_path / "run_it025")


def test_going_on_from_an_earlier_iteration_leaves_the_rest_behind(tmp_path):
    made(tmp_path, *(f"run_it{number:03d}" for number in range(26)))
    noted(tmp_path, *({"iteration": number, "root": "run"} for number in range(26)))
    noted(tmp_path, {"from": 7, "root": "run", "asked": "here/run_it007_optimiser.star"})
    assert chain.latest(tmp_path).name == "run_it007"
    noted(tmp_path, {"iteration": 8, "root": "run_ct7"})
    assert chain.latest(tmp_path).name == "run_it007", "the files of iteration 8 are not whole"
    made(tmp_path, "run_ct7_it008")
    assert names(tmp_path)[-2:] == ["run_it007", "run_ct7_it008"]
    assert chain.asked_before(tmp_path) == "here/run_it007_optimiser.star"


def test_what_another_program_added_counts_too(tmp_path):
    made(tmp_path, "run_it000", "run_it001", "run_ct1_it002", "run_ct2_it003")
    noted(tmp_path, {"from": 1, "root": "run"}, {"iteration": 2, "root": "run_ct1"})
    (tmp_path / chain.LOG).open("a").write('{"iteration": 3, "ro')
    assert names(tmp_path) == ["run_it000", "run_it001", "run_ct1_it002", "run_ct2_it003"]


def test_a_run_that_began_in_another_folder(tmp_path):
    made(tmp_path, "run_it000", "run_it009", "run_ct8_it009")
    noted(tmp_path, {"iteration": 0, "root": "run"}, {"iteration": 9, "root": "run"})
    noted(tmp_path, {"from": 8, "root": "run", "asked": "elsewhere", "elsewhere": True}, {"iteration": 9, "root": "run_ct8"})
    assert names(tmp_path) == ["run_ct8_it009"]


def test_a_file_to_go_on_from(tmp_path):
    made(tmp_path, "run_ct23_it024")
    folder, one = chain.parse(tmp_path / "run_ct23_it024_optimiser.star")
    assert (folder, int(one), one.root) == (tmp_path, 24, "run_ct23")
    assert chain.root_after(one) == "run_ct24"
    with pytest.raises(UserError, match="no optimiser of an iteration"):
        chain.parse(tmp_path / "run_ct23_it024_data.star")
    with pytest.raises(UserError, match="there is no file"):
        chain.parse(tmp_path / "run_it001_optimiser.star")
    assert chain.latest(tmp_path / "nowhere") is None


def test_the_latest_of_files_by_their_names():
    rising = [
        "job.star",
        "run_it002_data.star",
        "run_it010_data.star",
        "run_ct9_it010_data.star",
        "run_data.star",
        "run_ct10_data.star",
    ]
    shuffled = rising[::-1]
    assert sorted(shuffled, key=chain.order_of) == rising
    assert chain.order_of("Class2D/run_old/run_it003_optimiser.star") == (3, -1)
