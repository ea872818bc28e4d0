import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.job import as_star
from vitreous.job.options import build, values
from vitreous.job.placement import Placement


def write_star(path, values, head="_rlnJobType 99\n_rlnJobIsContinue 0"):
    rows = "\n".join(f"{name} {value}" for name, value in values.items())
    path.write_text(
        f"# version 30001\n\ndata_job\n\n{head}\n\ndata_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n"
        f"_rlnJobOptionValue #2\n{rows}\n"
    )
    return path


def test_names_and_menu_words_of_relion_both_ways(toys, tmp_path):
    job = build(toys.ToyMap, {"listing": "a b.txt", "turned": "left", "careful": False, "factor": 3, "looks": 5})
    path = tmp_path / "job.star"
    as_star.write(path, job, Placement(workers=3, threads=2, device="cuda", gpus="0:1"), is_continue=True, seed=5)
    said = as_star.read(path)
    assert said.label == "relion.external.vitreous.toymap"
    assert said.number == 99
    assert said.is_continue
    expected = {"in_list": "a b.txt", "turn": "To the left (1)", "do_careful": "No", "factor_x": "3", "trouble": "none"}
    expected |= {"nr_mpi": "3", "nr_threads": "2", "use_gpu": "Yes", "gpu_ids": "0:1", "do_queue": "No", "do_magic": "No"}
    expected |= {"nr_looks": "5", "nr_iter": "5", "nr_magic": "1"}
    assert {name: said.values[name] for name in expected} == expected
    assert list(said.values) == sorted(said.values)
    loaded = as_star.load(path)
    assert values(loaded.job) == values(job)
    assert loaded.placement == Placement(workers=3, threads=2, device="cuda", gpus="0:1")
    assert loaded.seed == 5


def test_a_few_rows_are_enough(toys, tmp_path):
    path = write_star(tmp_path / "job.star", {"in_list": "l.txt", "nr_iter": 9, "turn": '"No__turn__(0)"'})
    loaded = as_star.load(path, cls=toys.ToyMap)
    assert loaded.job == build(toys.ToyMap, {"listing": "l.txt", "looks": 9})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("do_magic", "Yes", "does not support do_magic = 'Yes' yet; set it to 'No'"),
        ("nr_magic", "3", "nr_magic = '3'"),
        ("do_wonders", "Yes", "does not support the option do_wonders = 'Yes' yet"),
        ("turn", '"Upside down (7)"', "turn = 'Upside down"),
        ("nr_looks", "many", "--looks is 'many'"),
        ("random_seed", "x", "random_seed"),
        ("other_args", "--maxsig__500", "does not support other_args"),
    ],
)
def test_what_would_change_the_result_stops_with_its_name(toys, tmp_path, name, value, said):
    path = write_star(tmp_path / "job.star", {"in_list": "l.txt", name: value})
    with pytest.raises(UserError) as caught:
        as_star.load(path, cls=toys.ToyMap)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_cannot_change_the_result_is_passed_over(toys, tmp_path):
    harmless = {"fn_exe": "/bin/x", "nr_magic": "2.0", "do_magic": "no", "scratch_dir": '""', "nr_pool": 30, "qsub_extra1": 4}
    harmless |= {"queuename": "openmpi", "min_dedicated": 24, "other_args": '""'}
    path = write_star(tmp_path / "job.star", {"in_list": "l.txt", **harmless})
    assert as_star.load(path, cls=toys.ToyMap).job == toys.ToyMap(listing="l.txt")


def test_queue_fields_round_trip(toys, tmp_path):
    said = {"in_list": "l.txt", "do_queue": "Yes", "queuename": "gpu", "qsub": "bsub", "qsubscript": "site.sh"}
    said |= {"min_dedicated": 24, "qsub_extra1": "a,b", "qsub_extra3": "3", "qsub_extra2": '""'}
    first = as_star.load(write_star(tmp_path / "job.star", said), cls=toys.ToyMap)
    place = first.placement
    assert (place.use_queue, place.queue, place.submit, place.queue_template) == (True, "gpu", "bsub", "site.sh")
    assert (place.dedicated_cores, place.queue_extra) == (24, ("a,b", "", "3"))
    as_star.write(tmp_path / "again.star", first.job, place)
    assert as_star.load(tmp_path / "again.star", cls=toys.ToyMap).placement == place
    written = as_star.read(tmp_path / "again.star").values
    assert (written["do_queue"], written["queuename"], written["qsub_extra1"], written["qsub_extra3"]) == (
        "Yes",
        "gpu",
        "a,b",
        "3",
    )
    assert as_star.load(tmp_path / "again.star", {"qsub_extra1": "c"}, cls=toys.ToyMap).placement.queue_extra == ("c", "", "3")
    as_star.write(tmp_path / "plain.star", first.job, Placement())
    assert not {"queuename", "qsub", "qsubscript", "qsub_extra1"} & set(as_star.read(tmp_path / "plain.star").values)


def test_changes_by_either_name(toys, tmp_path):
    path = write_star(tmp_path / "job.star", {"in_list": "l.txt", "nr_looks": 4})
    for name in ("factor", "factor_x", "--factor"):
        assert as_star.load(path, {name: "6"}, cls=toys.ToyMap).job.manner.factor == 6
    assert as_star.load(path, {"nr_iter": "8"}, cls=toys.ToyMap).job.manner.looks == 8
    assert as_star.load(path, {"workers": "2"}, cls=toys.ToyMap).placement.workers == 2
    assert as_star.load(path, {"nr_mpi": "2"}, cls=toys.ToyMap).placement.workers == 2
    with pytest.raises(UserError, match="no option 'wings'"):
        as_star.load(path, {"wings": "2"}, cls=toys.ToyMap)


def test_types_by_number_and_by_label(tmp_path):
    by_number = write_star(tmp_path / "a.star", {}, "_rlnJobType 2\n_rlnJobIsContinue 1")
    by_label = write_star(
        tmp_path / "b.star", {}, "_rlnJobTypeLabel relion.ctffind.ctffind4\n_rlnJobIsContinue 0\n_rlnJobIsTomo 0"
    )
    assert as_star.job_class(as_star.read(by_number)) is as_star.job_class(as_star.read(by_label))
    unknown = write_star(tmp_path / "c.star", {}, "_rlnJobTypeLabel relion.dreaming\n_rlnJobIsContinue 0")
    with pytest.raises(UserError, match=r"relion\.dreaming are not supported yet"):
        as_star.job_class(as_star.read(unknown))


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "x.star").write_text("data_particles\n\n_a 1\n")
    with pytest.raises(UserError, match="not a job"):
        as_star.read(tmp_path / "x.star")
    with pytest.raises(UserError, match="no such file"):
        as_star.read(tmp_path / "y.star")


def test_the_file_has_both_ways_of_naming_the_type(toys, tmp_path):
    as_star.write(tmp_path / "job.star", toys.ToyMap(listing="x"), Placement())
    head = next(iter(star.read(tmp_path / "job.star")["job"].rows()))
    assert head["rlnJobType"] == "99"
    assert head["rlnJobTypeLabel"] == "relion.external.vitreous.toymap"
    assert head["rlnJobIsTomo"] == "0"


LOOPS = {
    "relion.class2d": {"allow_coarser": "Yes"},
    "relion.refine3d": {"skip_gridding": "No"},
    "relion.initialmodel": {"do_pad1": "Yes"},
}


@pytest.mark.parametrize(("label", "name", "value"), [(label, *pair) for label, said in LOOPS.items() for pair in said.items()])
def test_no_option_that_matters_in_relion_is_passed_over(tmp_path, label, name, value):
    inputs = {"fn_img": "particles.star", "fn_ref": "map.mrc"} if label == "relion.refine3d" else {"fn_img": "particles.star"}
    head = f"_rlnJobTypeLabel {label}\n_rlnJobIsContinue 0"
    as_star.load(write_star(tmp_path / "plain.star", inputs, head))
    with pytest.raises(UserError, match=f"does not support {name} = "):
        as_star.load(write_star(tmp_path / "job.star", {**inputs, name: value}, head))


def test_a_file_to_go_on_from_counts_only_in_a_continuation(tmp_path):
    said = {"fn_img": "p.star", "fn_cont": "Class2D/job001/run_it020_optimiser.star"}
    head = "_rlnJobTypeLabel relion.class2d\n_rlnJobIsContinue {}"
    assert as_star.load(write_star(tmp_path / "a.star", said, head.format(0))).job.continue_from == ""
    assert as_star.load(write_star(tmp_path / "b.star", said, head.format(1))).job.continue_from == said["fn_cont"]
    job = as_star.load(tmp_path / "a.star", {"continue_from": "x_optimiser.star"}).job
    assert job.continue_from == "x_optimiser.star"
    as_star.write(tmp_path / "c.star", job, Placement())
    assert as_star.load(tmp_path / "c.star").job == job


def test_full_passes_and_phases_of_relion_3_1(tmp_path):
    head = "_rlnJobTypeLabel relion.class2d\n_rlnJobIsContinue 0"
    chosen = as_star.load(write_star(tmp_path / "a.star", {"fn_img": "p.star", "nr_iter": 12}, head)).job.classification
    assert (chosen.use_em, chosen.use_mini_batches, chosen.em_iterations) == (True, False, 12)
    later = {"fn_img": "p.star", "do_em": "No", "do_grad": "Yes", "nr_iter_grad": 80}
    chosen = as_star.load(write_star(tmp_path / "b.star", later, head)).job.classification
    assert (chosen.use_em, chosen.use_mini_batches, chosen.mini_batches) == (False, True, 80)
    head = "_rlnJobTypeLabel relion.initialmodel\n_rlnJobIsContinue 0"
    phases = {"fn_img": "p.star", "sgd_ini_iter": 25, "sgd_inbetween_iter": 100, "sgd_fin_iter": 30}
    assert as_star.load(write_star(tmp_path / "c.star", phases, head)).job.descent.mini_batches == 155
    changed = as_star.load(tmp_path / "c.star", {"nr_iter": "60"})
    assert changed.job.descent.mini_batches == 60
