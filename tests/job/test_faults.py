from vitreous.job.faults import WHOLE, faults
from vitreous.jobs.class2d import Class2D
from vitreous.jobs.refine3d import Refine3D


def test_a_good_form_has_no_faults():
    assert faults(Class2D, {"particles": "particles.star", "classes": "50", "use_em": "no"}) == {}


def test_all_faults_are_told_at_once():
    said = faults(
        Class2D,
        {"classes": "2.5", "regularisation": "much", "angle_step_deg": "0", "use_em": "perhaps", "wings": "2", "particles": " "},
    )
    assert said == {
        "particles": "choose a file: this job needs it",
        "classes": "'2.5' is no whole number",
        "regularisation": "'much' is no number",
        "angle_step_deg": "must be 0.1 ° or more",
        "use_em": "'perhaps' is neither Yes nor No",
        "wings": "there is no setting called wings",
    }


def test_numbers_that_are_none_and_choices_are_refused():
    base = {"particles": "p.star", "reference": "m.mrc"}
    assert faults(Refine3D, {**base, "low_pass_A": "nan"})["low_pass_A"] == "'nan' is no number"
    assert "none of the choices" in faults(Refine3D, {**base, "step": "8 degrees"})["step"]
    assert faults(Refine3D, {**base, "low_pass_A": "inf"}) != {}


def test_what_is_wrong_with_several_settings_together_belongs_to_the_whole():
    said = faults(Class2D, {"particles": "p.star", "use_em": "No", "use_mini_batches": "No"})
    assert set(said) <= {WHOLE, "use_em", "use_mini_batches", "classification"}
