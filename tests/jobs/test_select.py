"""The selection job: by class, score, value, statistics, duplicates, parts; files as RELION names them."""

import json
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import mrc, star, star_tables
from vitreous.files.star import StarFile, list_block
from vitreous.jobs.select import Select
from vitreous.methods.selection.settings import ClassChoice, RowChoice, Splitting
from vitreous.tables.table import Table

OPTICS = Table({"optics_group_name": ["a"], "optics_group": [1], "pixel_size_A": [3.0], "voltage_kV": [300.0]}, "optics")


def carry_out(job: Select, folder: str = "Select/job009") -> dict:
    context = Context(folder=Path(folder), seed=3)
    records = [job.work(unit, context) for unit in job.units(context)]
    job.gather(records, context)
    return records[0]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A classification into four classes: two good ones, a blurred one, an empty one."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    y, x = np.indices((64, 64)) - 32.0
    blob = sum(np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 12) for cy, cx in rng.normal(0, 5, (12, 2)))
    shifted = np.roll(blob, 6, axis=1)
    mrc.write_stack(
        "Class2D/job008/run_it025_classes.mrcs", np.array([blob, blob, shifted, 0 * blob], np.float32), pixel_size_A=3.0
    )
    names = np.array([f"{i + 1:06d}@Class2D/job008/run_it025_classes.mrcs" for i in range(4)], object)
    columns = {
        "reference_image": names,
        "class_distribution": [0.4, 0.2, 0.4, 0],
        "estimated_resolution_A": [12.0, 45, 13, np.inf],
    }
    general = list_block("model_general", {"rlnNrClasses": "4"})
    model = star_tables.to_file(Table(columns, "model_classes"), 30001)
    star.write("Class2D/job008/run_it025_model.star", StarFile([general, *model.blocks]))
    count = 50
    data = {
        "image": np.array([f"{i + 1:06d}@Extract/job007/a.mrcs" for i in range(count)], object),
        "micrograph": np.array(["a.mrc"] * count, object),
        "optics_group": np.ones(count, int),
        "class_number": np.arange(count) % 5 // 2 + 1,
        "x_px": np.arange(count) // 2 * 100.0,
        "y_px": np.arange(count) % 2 * 5.0,
        "ctf_fom": np.linspace(0, 1, count),
    }
    optics = OPTICS.with_(micrograph_pixel_size_A=1.5)
    star.write_table("Class2D/job008/run_it025_data.star", Table(data, "particles", optics))
    said = {
        "rlnModelStarFile": "Class2D/job008/run_it025_model.star",
        "rlnExperimentalDataStarFile": "Class2D/job008/run_it025_data.star",
        "rlnParticleDiameter": "150",
    }
    star.write("Class2D/job008/run_it025_optimiser.star", StarFile([list_block("optimiser_general", said)]))
    return tmp_path


OPTIMISER, DATA = "Class2D/job008/run_it025_optimiser.star", "Class2D/job008/run_it025_data.star"


@pytest.mark.parametrize("path", [OPTIMISER, "Class2D/job008/run_it025_model.star", "Class2D/job008"])
def test_classes_by_number(project, path):
    record = carry_out(Select(model=path, choice=ClassChoice(classes=(1, 3))))
    kept = star.read_table("Select/job009/particles.star", "particles")
    assert set(kept["class_number"]) == {1, 3}
    assert len(kept) == 30 == record["particles"]
    assert kept.optics["pixel_size_A"][0] == 3.0
    averages = star.read_table("Select/job009/class_averages.star")
    assert averages["reference_image"].tolist() == [f"00000{n}@Class2D/job008/run_it025_classes.mrcs" for n in (1, 3)]
    assert averages["class_index"].tolist() == [1, 3]
    assert star.read("Select/job009/class_averages.star").names() == [""]
    assert star.read_table("Select/job009/backup_selection.star")["selected"].tolist() == [1, 0, 1, 0]
    assert star.read("Select/job009/backup_selection.star").names() == [""]


def test_classes_by_score(project):
    record = carry_out(Select(model=OPTIMISER, choice=ClassChoice(by_score=True)))
    assert record["classes"] == [1, 3]
    ranked = star.read_table("Select/job009/rank_model.star", "model_classes")
    assert ranked["class_score"][[0, 2]].min() > 0.8
    assert ranked["class_score"][[1, 3]].max() < 0.2
    assert (
        star.read_list("Select/job009/rank_optimiser.star", "optimiser_general")["rlnModelStarFile"]
        == "Select/job009/rank_model.star"
    )
    again = carry_out(Select(model="Select/job009/rank_optimiser.star", choice=ClassChoice(classes=(1,))), "Select/job010")
    assert again["particles"] == 20


def test_particles_that_do_not_look_like_their_class_can_go(project):
    rng = np.random.default_rng(5)
    average = mrc.read_stack("Class2D/job008/run_it025_classes.mrcs")[0][0]
    images = rng.normal(size=(50, 64, 64)) + 2.5 * average
    strangers = np.arange(0, 50, 7)
    images[strangers] -= 2.5 * average
    mrc.write_stack("Extract/job007/a.mrcs", images.astype(np.float32), pixel_size_A=3.0)
    choice = ClassChoice(classes=(1, 2, 3), by_particle_score=True, least_particle_score=0)
    carry_out(Select(model=OPTIMISER, choice=choice))
    score = star.read_table("Select/job009/particles.star", "particles")["particle_fom"]
    assert len(score) == 50
    members = np.delete(score, strangers)
    assert (members[:, None] > score[strangers]).mean() > 0.9
    cut = float(np.quantile(score, 0.2))
    count = int((score >= cut).sum())
    record = carry_out(
        Select(model=OPTIMISER, choice=ClassChoice(by_particle_score=True, least_particle_score=cut)), "Select/job010"
    )
    kept = star.read_table("Select/job010/particles.star", "particles")
    assert len(kept) == record["particles"] == count < 50
    assert kept["particle_fom"].min() >= cut
    assert "rlnParticleFigureOfMerit" in Path("Select/job010/particles.star").read_text()
    assert f"of which {count} score" in record["note"]
    both = ClassChoice(classes=(1,), by_particle_score=True, least_particle_score=cut)
    carry_out(Select(model=OPTIMISER, choice=both), "Select/job011")
    kept = star.read_table("Select/job011/particles.star", "particles")
    assert set(kept["class_number"]) == {1} and kept["particle_fom"].min() >= cut
    with pytest.raises(UserError, match="--least-particle-score"):
        carry_out(Select(model=OPTIMISER, choice=ClassChoice(by_particle_score=True, least_particle_score=1)), "Select/job012")


def test_averages_can_be_centred(project):
    carry_out(Select(model=OPTIMISER, choice=ClassChoice(classes=(1, 3), recentre=True)))
    averages = star.read_table("Select/job009/class_averages.star")
    assert averages["reference_image"].tolist()[1] == "000002@Select/job009/class_averages.mrcs"
    images, pixel = mrc.read_stack("Select/job009/class_averages.mrcs")
    assert np.allclose(images[0], images[1], atol=1e-4 * images[0].max())
    assert pixel == pytest.approx(3.0)


def test_particles_are_regrouped_by_the_scale_of_their_groups(project):
    data = star.read_table(DATA, "particles").with_(group_number=np.arange(50) % 5 + 1)
    star.write_table(DATA, data)
    model = star.read("Class2D/job008/run_it025_model.star")
    columns = {"group_number": np.arange(5) + 1, "group_scale": [1.0, 0.5, 1.1, 0.6, 0.9]}
    groups = star_tables.to_file(Table(columns, "model_groups"), 30001)
    star.write("Class2D/job008/run_it025_model.star", StarFile([*model, *groups.blocks]))
    carry_out(Select(model=OPTIMISER, choice=ClassChoice(classes=(1, 2, 3), regroup=True, group_count=2)))
    kept = star.read_table("Select/job009/particles.star", "particles")
    assert "group_number" not in kept
    names = dict(zip(kept["image"].tolist(), kept["group_name"].tolist()))
    before = dict(zip(data["image"].tolist(), data["group_number"].tolist()))
    assert {before[image] for image, name in names.items() if name == "group_1"} == {2, 4}
    assert {before[image] for image, name in names.items() if name == "group_2"} == {1, 3, 5}


def test_rows_by_value_and_parts(project):
    rows = RowChoice(by_value=True, column="rlnCtfFigureOfMerit", lowest=0.5, highest=0.9)
    record = carry_out(Select(particles=DATA, rows=rows))
    kept = star.read_table("Select/job009/particles.star", "particles")
    assert record["rows"] == len(kept) == 20
    assert kept["ctf_fom"].min() >= 0.5
    split = carry_out(Select(particles=DATA, splitting=Splitting(split=True, part_size=20)), "Select/job010")
    assert split["parts"] == [20, 20, 10]
    assert len(star.read_table("Select/job010/particles_split3.star", "particles")) == 10


def test_classes_of_a_table_of_particles_by_number(project):
    assert carry_out(Select(particles=DATA, choice=ClassChoice(classes=(1, 3))))["rows"] == 30
    carry_out(Select(model=OPTIMISER, choice=ClassChoice(classes=(1, 3))), "Select/job010")
    one, other = (star.read_table(f"Select/{job}/particles.star", "particles") for job in ("job009", "job010"))
    assert one["image"].tolist() == other["image"].tolist()
    star.write_table("unsorted.star", star.read_table(DATA, "particles").without("class_number"))
    with pytest.raises(UserError, match="no column class_number"):
        carry_out(Select(particles="unsorted.star", choice=ClassChoice(classes=(1,))))


def test_micrographs_are_selected_under_their_own_name(project):
    columns = {"micrograph": np.array(["a.mrc", "b.mrc"], object), "optics_group": [1, 1], "ctf_resolution_A": [3.0, 9.0]}
    star.write_table("ctf.star", Table(columns, "micrographs", OPTICS))
    carry_out(Select(micrographs="ctf.star", rows=RowChoice(by_value=True, highest=5)))
    assert star.read_table("Select/job009/micrographs.star", "micrographs")["micrograph"].tolist() == ["a.mrc"]


def test_duplicates_go(project):
    record = carry_out(Select(particles=DATA, rows=RowChoice(remove_duplicates=True)))
    assert record["rows"] == 25
    near = carry_out(Select(particles=DATA, rows=RowChoice(remove_duplicates=True, duplicate_distance_A=7)), "Select/job010")
    assert near["rows"] == 50
    wide = RowChoice(remove_duplicates=True, duplicate_distance_A=7, coordinate_pixel_size_A=1.0)
    assert carry_out(Select(particles=DATA, rows=wide), "Select/job011")["rows"] == 25


def test_images_that_are_off_go(project):
    images = np.random.default_rng(1).normal(size=(50, 16, 16)).astype(np.float32)
    images[7] += 20
    images[9] *= 20
    mrc.write_stack("Extract/job007/a.mrcs", images, pixel_size_A=3.0)
    record = carry_out(Select(particles=DATA, rows=RowChoice(by_statistics=True)))
    kept = star.read_table("Select/job009/particles.star", "particles")["image"].tolist()
    assert record["rows"] == 48
    assert not any(name.startswith(("000008@", "000010@")) for name in kept)


def test_classes_of_maps_are_chosen_by_number_only(project):
    names = np.array(["Class2D/job008/run_it025_class001.mrc", "Class2D/job008/run_it025_class002.mrc"], object)
    columns = {"reference_image": names, "class_distribution": [0.4, 0.6], "estimated_resolution_A": [12.0, 13]}
    star.write_table("Class2D/job008/run_it025_model.star", Table(columns, "model_classes"))
    record = carry_out(Select(model=OPTIMISER, choice=ClassChoice(classes=(2,))))
    assert record["particles"] == 20
    assert not Path("Select/job009/class_averages.star").exists()
    with pytest.raises(UserError, match="only 2D class averages can be scored"):
        carry_out(Select(model=OPTIMISER, choice=ClassChoice(by_score=True)), "Select/job010")
    with pytest.raises(UserError, match="only particles of 2D classes can be scored"):
        carry_out(Select(model=OPTIMISER, choice=ClassChoice(by_particle_score=True)), "Select/job011")


def answered(name: str, **said) -> str:
    Path(name).write_text(json.dumps(said))
    return name


MICROGRAPHS = {
    "micrograph": np.array(["a.mrc", "b.mrc", "c.mrc", "d.mrc"], object),
    "optics_group": [1, 1, 1, 1],
    "ctf_resolution_A": [3.0, 9.0, 4.0, np.nan],
    "defocus_u_A": [12000.0, 15000, 26000, 13000],
    "defocus_v_A": [11000.0, 14900, 25000, 12000],
}


def test_micrographs_as_a_person_chose_them(project):
    star.write_table("ctf.star", Table(MICROGRAPHS, "micrographs", OPTICS))
    ranges = {"ctf_resolution_A": [None, 5], "defocus_u_A": [10000, 20000], "ctf_astigmatism_A": [None, 1500]}
    given = answered("one.json", kind="micrographs", ranges=ranges, by_hand={"b.mrc": "keep", "a.mrc": "out", "z.mrc": "keep"})
    record = carry_out(Select(micrographs="ctf.star", answer=given))
    assert star.read_table("Select/job009/micrographs.star", "micrographs")["micrograph"].tolist() == ["b.mrc"]
    assert record["note"] == "1 of 4 micrographs kept"
    carry_out(Select(micrographs="ctf.star", answer=given), "Select/job010")
    assert Path("Select/job009/micrographs.star").read_bytes() == Path("Select/job010/micrographs.star").read_bytes()


def test_a_micrograph_that_was_fitted_again_has_its_new_values(project):
    star.write_table("ctf.star", Table(MICROGRAPHS, "micrographs", OPTICS))
    fits = {"b.mrc": {"ctf_resolution_A": 4.5, "defocus_u_A": 13000.0, "unknown": 1.0}, "z.mrc": {"ctf_resolution_A": 1.0}}
    given = answered("one.json", kind="micrographs", ranges={"ctf_resolution_A": [None, 5]}, by_hand={}, fits=fits)
    carry_out(Select(micrographs="ctf.star", answer=given))
    kept = star.read_table("Select/job009/micrographs.star", "micrographs")
    assert kept["micrograph"].tolist() == ["a.mrc", "b.mrc", "c.mrc"]
    assert (kept["ctf_resolution_A"][1], kept["defocus_u_A"][1], kept["defocus_v_A"][1]) == (4.5, 13000.0, 14900.0)


def test_a_changed_answer_is_another_piece_of_work(project):
    star.write_table("ctf.star", Table(MICROGRAPHS, "micrographs", OPTICS))
    job = Select(micrographs="ctf.star", answer=answered("one.json", kind="micrographs", ranges={}, by_hand={}))
    before = [unit.row for unit in job.units(Context(folder=Path("x")))]
    answered("one.json", kind="micrographs", ranges={}, by_hand={"a.mrc": "out"})
    assert [unit.row for unit in job.units(Context(folder=Path("x")))] != before


def test_rows_by_rule_outline_and_number(project):
    outline = {"x": "x_px", "y": "y_px", "points": [[-1, -1], [505, -1], [505, 6], [-1, 6]]}
    given = answered(
        "rows.json", kind="rows", rule="class in 1,3 and rlnCtfFigureOfMerit < 0.9", lasso=outline, rows=list(range(8))
    )
    record = carry_out(Select(particles=DATA, answer=given))
    kept = star.read_table("Select/job009/particles.star", "particles")
    assert kept["image"].tolist() == [f"{i + 1:06d}@Extract/job007/a.mrcs" for i in (0, 1, 4, 5, 6)]
    assert record["rows"] == 5


def test_classes_as_a_person_chose_them(project):
    given = answered("classes.json", kind="classes", classes=[3, 1])
    carry_out(Select(model=OPTIMISER, answer=given))
    carry_out(Select(model=OPTIMISER, choice=ClassChoice(classes=(1, 3))), "Select/job010")
    for name in ("particles.star", "class_averages.star", "backup_selection.star"):
        assert Path("Select/job009", name).read_bytes() == Path("Select/job010", name).read_bytes()


def test_what_a_selection_asks(project):
    assert Select(model=OPTIMISER).question() == "classes"
    assert Select(micrographs="ctf.star").question() == "micrographs"
    assert Select(particles=DATA).question() == ""
    assert Select(model=OPTIMISER, choice=ClassChoice(by_score=True)).question() == ""
    assert Select(micrographs="ctf.star", answer="one.json").question() == ""
    assert Select(micrographs="ctf.star", rows=RowChoice(by_value=True)).question() == ""


@pytest.mark.parametrize(
    "said, words",
    [
        ({"kind": "picks"}, "kind 'picks'"),
        ({"kind": "rows", "rule": "nonsense > 1"}, "no column nonsense"),
        ({"kind": "rows", "rows": [3, 99]}, "names row 99"),
        ({"kind": "rows", "rows": [True]}, "whole numbers"),
        ({"kind": "rows", "lasso": {"x": "x_px"}}, "lasso has no"),
        ({"kind": "rows", "lasso": {"x": "x_px", "y": "y_px", "points": [[1, "a"]]}}, "list of points"),
        ({"kind": "rows", "rule": "class = 7"}, "none of the 50 rows"),
    ],
)
def test_an_answer_that_cannot_be_used_ends_with_a_sentence(project, said, words):
    with pytest.raises(UserError, match=words):
        carry_out(Select(particles=DATA, answer=answered("a.json", **said)))


def test_an_answer_of_micrographs_that_cannot_be_used_ends_with_a_sentence(project):
    star.write_table("ctf.star", Table(MICROGRAPHS, "micrographs", OPTICS))
    for said, words in (
        ({"ranges": {"micrograph": [1, 2]}}, "does not hold numbers"),
        ({"ranges": {"ctf_resolution_A": 5}}, "low and a high"),
        ({"ranges": [1]}, "no list of names"),
        ({"by_hand": {"a.mrc": "maybe"}}, "verdict 'maybe'"),
    ):
        with pytest.raises(UserError, match=words):
            carry_out(Select(micrographs="ctf.star", answer=answered("a.json", kind="micrographs", **said)))
    Path("broken.json").write_text("{")
    with pytest.raises(UserError, match="no answer"):
        carry_out(Select(micrographs="ctf.star", answer="broken.json"))
    with pytest.raises(UserError, match=r"no file gone\.json"):
        carry_out(Select(micrographs="ctf.star", answer="gone.json"))


def test_bad_input_ends_with_a_sentence(project):
    for job, words in (
        (Select(), "give one of"),
        (Select(model=OPTIMISER, particles=DATA), "give one of"),
        (Select(model="gone.star", choice=ClassChoice(by_score=True)), r"no file gone\.star"),
        (Select(model=OPTIMISER), "which classes"),
        (Select(model="Class2D", choice=ClassChoice(by_score=True)), "holds no run_itNNN_optimiser"),
        (Select(particles=DATA), "say what to do"),
        (Select(model=OPTIMISER, choice=ClassChoice(classes=(9,))), "no class 9"),
        (Select(model=OPTIMISER, choice=ClassChoice(classes=(4,))), "nothing is left of"),
        (Select(model=DATA, choice=ClassChoice(by_score=True)), "neither an optimiser nor a model"),
        (Select(particles=DATA, rows=RowChoice(by_value=True, column="nonsense")), "no column nonsense"),
        (Select(particles=DATA, rows=RowChoice(by_value=True, column="micrograph")), "does not hold numbers"),
        (Select(particles=DATA, rows=RowChoice(by_value=True, column="ctf_fom", lowest=5)), "widen"),
        (Select(particles=DATA, splitting=Splitting(split=True, part_size=-1)), "--part-size"),
    ):
        with pytest.raises(UserError, match=words):
            carry_out(job)
