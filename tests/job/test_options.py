import pytest

from vitreous.context import UserError
from vitreous.job.declare import MapJob, group, input, job
from vitreous.job.options import as_plain, as_text, build, from_text, identity, options, values
from vitreous.param import param, settings


@settings
class Angles:
    """Angles."""

    step_deg: float = param(5.0, help="Angular step.", unit="°")
    fine: bool = param(False, help="Finer.")
    limit: int = param(3, when="fine", help="With fine only.")


@job("relion.external.vitreous.two", number=99, folder="External", title="Two", version=1, command="two")
class Two(MapJob):
    """Two groups of one kind."""

    table: str = input(kind="particles", help="Particles.")
    first: Angles = group(Angles, tab="First", relion={"step_deg": "psi_step"})
    second: Angles = group(Angles, tab="Second")


def test_names_that_occur_twice_get_their_groups_name():
    assert [option.name for option in options(Two)] == [
        "table",
        "first_step_deg",
        "first_fine",
        "first_limit",
        "second_step_deg",
        "second_fine",
        "second_limit",
    ]
    by_name = {option.name: option for option in options(Two)}
    assert by_name["first_step_deg"].relion == ("psi_step",)
    assert by_name["second_step_deg"].relion == ()
    assert by_name["second_limit"].when == "second_fine"
    assert by_name["first_step_deg"].tab == "First"


def test_build_puts_flat_values_into_their_groups():
    made = build(Two, {"table": "x.star", "second_step_deg": "2.5", "first_fine": "Yes"})
    assert made.second.step_deg == 2.5
    assert made.first.step_deg == 5.0
    assert made.first.fine is True
    assert values(made)["second_step_deg"] == 2.5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs --table"),
        ({"table": "x", "first_limit": "many"}, "--first-limit is 'many'"),
        ({"table": "x", "nothing": "1"}, "no option 'nothing'"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_its_flag(given, said):
    with pytest.raises(UserError, match=said) as caught:
        build(Two, given)
    assert "\n" not in str(caught.value)


def test_limits_and_choices_are_kept(toys):
    with pytest.raises(UserError, match="--looks"):
        build(toys.ToyMap, {"listing": "x", "looks": "0"})
    with pytest.raises(UserError, match="one of none, error, crash, all"):
        build(toys.ToyMap, {"listing": "x", "trouble": "some"})


def test_texts_give_their_values_again(toys):
    by_name = {option.name: option for option in options(toys.ToyMap)}
    for name, value in (("limit", None), ("limit", 2.5), ("sizes", (3, 4, 5)), ("sizes", ()), ("careful", False), ("looks", 7)):
        text = as_text(value)
        again = build(toys.ToyMap, {"listing": "x", name: text})
        assert values(again)[name] == value, (name, text)
    assert from_text(by_name["looks"], "7.0") == "7"
    with pytest.raises(UserError, match="--looks"):
        build(toys.ToyMap, {"listing": "x", "looks": "7.5"})


def test_identity_follows_every_option_and_the_seed_and_nothing_else(toys):
    plain = toys.ToyMap(listing="x")
    assert identity(plain) == identity(build(toys.ToyMap, {"listing": "x", "factor": "2"}))
    others = [
        build(toys.ToyMap, {"listing": "x", name: text}) for name, text in (("factor", "2.1"), ("mask", "m"), ("sizes", "1"))
    ]
    assert len({identity(plain), identity(plain, seed=1), *map(identity, others)}) == 5


def test_as_plain_is_json(toys):
    assert as_plain(toys.ToyMap(listing="x"))["sizes"] == [1, 2]


@pytest.mark.parametrize("text", ["inf", "-inf", "nan"])
def test_a_number_must_be_finite(toys, text):
    with pytest.raises(UserError, match="--factor is"):
        build(toys.ToyMap, {"listing": "x", "factor": text})
    with pytest.raises(UserError, match="--seconds is"):
        build(toys.ToyMap, {"listing": "x", "seconds": text})
