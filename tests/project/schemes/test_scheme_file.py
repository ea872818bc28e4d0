import shutil

import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.project.schemes import scheme_file
from vitreous.project.schemes.folder import SchemeFolder, all_of, find
from vitreous.project.schemes.model import Edge


def values_of(path):
    """All cells of a file, numbers as numbers."""

    def plain(cell):
        try:
            return float(cell)
        except ValueError:
            return str(cell)

    return [(block.name, [{k: plain(str(v)) for k, v in row.items()} for row in block.rows()]) for block in star.read(path)]


@pytest.mark.data
@pytest.mark.parametrize("word", ["prep", "proc"])
def test_shipped_schemes_are_read_and_written_back(data, tmp_path, word):
    shutil.copytree(data / "relion_projects" / "schemes" / "Schemes", tmp_path / "Schemes")
    folder = find(tmp_path, word)
    before = values_of(folder.star)
    scheme = scheme_file.read(folder)
    assert (scheme.current, scheme.first_node, list(scheme.faults())) == ("WAIT", "WAIT", [])
    folder.star.chmod(0o644)
    scheme_file.write(folder, scheme)

    def sorted_rows(blocks):  # variables are written in the order of their names, as RELION does
        return [(name, sorted(rows, key=str) if "edges" not in name else rows) for name, rows in blocks]

    assert sorted_rows(values_of(folder.star)) == sorted_rows(before)
    again = folder.star.read_bytes()
    scheme_file.write(folder, scheme_file.read(folder))
    assert folder.star.read_bytes() == again
    assert folder.backup.read_bytes() == again


@pytest.mark.data
def test_a_fork_leads_to_the_second_name_when_false(data, tmp_path):
    shutil.copytree(data / "relion_projects" / "schemes" / "Schemes", tmp_path / "Schemes")
    scheme = scheme_file.read(find(tmp_path, "proc"))
    assert Edge("HAS_ctffind", "WAIT", True, "select_mics", "has_ctffind") in scheme.edges
    assert scheme.next_of("HAS_ctffind") == "WAIT"
    scheme.set_value("has_ctffind", True)
    assert scheme.next_of("HAS_ctffind") == "select_mics"


@pytest.mark.data
def test_relions_schedule_stays_what_it_is(relions):
    folder = find(relions.layout.root, "demo")
    assert (folder.flavour, folder.name) == ("schedule", "Schedules/demo/")
    before, words = values_of(folder.star), folder.star.read_text().split()
    scheme = scheme_file.read(folder)
    assert scheme.variables["n_parts"].value == 27 and scheme.variables["n_parts"].reset == 0
    assert scheme.jobs["mymask"].has_started is False and scheme.current == "EXIT"
    scheme_file.write(folder, scheme)
    assert values_of(folder.star) == before
    assert folder.star.read_text().split() == words, "but for blanks nothing has changed"


def test_what_is_not_understood_is_kept(build):
    door = build("s", {"a": 1.0}, [("EXIT", "exit")], [])
    text = door.folder.star.read_text()
    door.folder.star.write_text(text + "\n# mine\n\ndata_scheme_colours\n\n_rlnColour red\n")
    door.add_variable("b", "2")
    assert door.read().others[0]["rlnColour"] == "red"
    assert set(door.read().variables) == {"a", "b"}


def test_the_backup_is_the_file_before_the_last_write(build):
    door = build("s", {"a": 1.0})
    before = door.folder.star.read_bytes()
    door.set_variable("a", "2")
    assert door.folder.backup.read_bytes() == before != door.folder.star.read_bytes()
    assert sorted(path.name for path in door.folder.path.iterdir()) == [".scheme_has_changed", "scheme.star", "scheme.star.bck"]


def test_a_string_beside_which_relion_left_a_number_is_the_string(build):
    door = build("s", {"a": "text"}, flavour="schedule")
    text = door.folder.star.read_text()
    block = "data_schedule_floats\n\nloop_\n" + "".join(
        f"_rlnScheduleFloatVariable{n} #{i}\n" for i, n in enumerate(("Name", "Value", "ResetValue"), 1)
    )
    door.folder.star.write_text(text.replace("data_schedule_strings", block + "a 1.0 1.0\n\ndata_schedule_strings"))
    assert door.read().variables["a"].value == "text"


def test_a_schedule_gets_the_graph_that_relion_asks_for(build):
    door = build("s", flavour="schedule")
    assert "data_pipeline_general" in door.folder.pipeline.read_text()
    assert not build("t").folder.pipeline.exists()


@pytest.mark.parametrize(
    "old, new, sentence",
    [
        ("data_scheme_general", "data_other", "no block data_scheme_general"),
        ("1.000000 1.000000", "one 1.000000", "line 16: .* has 'one' for rlnSchemeFloatVariableValue"),
        ("continue", "sometimes", "the mode 'sometimes'"),
        ("continue", "overwrite", "the mode 'overwrite'"),
        ("_rlnSchemeJobMode #3", "_rlnSchemeJobWay #3", "lacks the column _rlnSchemeJobMode"),
    ],
)
def test_a_spoilt_file_is_named_with_its_fault(build, job_star, old, new, sentence):
    door = build("s", {"a": 1.0}, jobs=[("j", "continue", job_star(in_list="list.txt"))])
    text = " ".join(door.folder.star.read_text().split(" ")).replace("    1.000000     1.000000", " 1.000000 1.000000")
    words = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    assert old in words
    door.folder.star.write_text(words.replace(old, new))
    with pytest.raises(UserError, match=sentence):
        door.read()


def test_schemes_are_found_by_name_and_folder(build, project):
    build("a")
    build("b", flavour="schedule")
    assert [folder.word for folder in all_of(project.layout.root)] == ["a", "b"]
    assert find(project.layout.root, "Schedules/b/") == SchemeFolder(project.layout.root, "schedule", "b")
    with pytest.raises(UserError, match="no scheme 'c'; it has a, b"):
        find(project.layout.root, "c")
