import pytest

from vitreous.context import UserError
from vitreous.job.as_command import from_arguments, pairs, parser, short_flags, to_arguments
from vitreous.job.options import build, values
from vitreous.param import param, settings


def test_arguments_give_the_same_job(toys):
    job = build(
        toys.ToyMap, {"listing": "a b.txt", "factor": -0.125, "careful": False, "limit": 3.5, "sizes": (9,), "trouble": "all"}
    )
    assert values(from_arguments(toys.ToyMap, to_arguments(job))) == values(job)
    assert to_arguments(toys.ToyMap(listing="x")) == ["--listing=x"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--careful"], True),
        (["--no-careful"], False),
        (["--careful", "No"], False),
        (["--careful", "false"], False),
        (["--careful", "Yes"], True),
        (["--careful", "true"], True),
        ([], True),
    ],
)
def test_switches_take_both_manners(toys, words, expected):
    assert from_arguments(toys.ToyMap, ["--listing", "x", *words]).manner.careful is expected


def test_help_says_unit_default_limits_and_condition(toys):
    text = " ".join(parser(toys.ToyMap, "vitreous toy-map").format_help().split())
    assert "What a number is multiplied by. [Å, usual 0 to 10, default 2]" in text
    assert "[none | error | crash | all, default none]" in text
    assert "[with --careful, default 2]" in text
    assert "[required]" in text


def test_usage_errors_end_with_code_2(toys, capsys):
    for words in (["--listing", "x", "--fact", "3"], [], ["--listing", "x", "--careful", "perhaps"]):
        with pytest.raises(SystemExit) as caught:
            from_arguments(toys.ToyMap, words)
        assert caught.value.code == 2
    assert "perhaps" in capsys.readouterr().err


def test_an_unknown_option_names_what_comes_close(toys, capsys):
    with pytest.raises(SystemExit) as caught:
        from_arguments(toys.ToyMap, ["--listing", "x", "--facter=3"])
    assert caught.value.code == 2
    assert "did you mean --factor?" in capsys.readouterr().err


def test_pairs():
    assert pairs(["a=1", "b = x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(UserError, match="name=value"):
        pairs(["a"])


@settings
class Several:
    """Some with units."""

    min_defocus_A: float = param(1.0, unit="Å", help="Less.")
    dose_e_A2: float = param(1.0, unit="e/Å2", help="More.")
    size_A: float = param(1.0, unit="Å", help="In angstrom.")
    size_px: int = param(1, unit="px", help="In pixels.")
    box: int = param(1, help="Side.")
    box_px: int = param(1, help="Another side.")


def test_a_unit_may_be_left_out_where_that_is_clear():
    assert short_flags(Several) == {"min_defocus_A": "--min-defocus", "dose_e_A2": "--dose"}
    for words in (["--min-defocus", "3"], ["--min-defocus-a", "3"]):
        assert from_arguments(Several, words).min_defocus_A == 3
    assert from_arguments(Several, ["--box", "5"]) == Several(box=5)
    with pytest.raises(SystemExit):
        from_arguments(Several, ["--size", "5"])
    assert "--min-defocus for --min-defocus-a" in " ".join(parser(Several, "x").format_help().split())


def test_symmetry_has_a_short_word_in_every_job():
    from vitreous.job import registry
    from vitreous.job.options import options

    having = [cls for cls in registry.job_types().values() if "symmetry" in {option.name for option in options(cls)}]
    assert {cls.type.command for cls in having} >= {"reconstruct", "refine3d", "initial-model"}
    for cls in having:
        assert short_flags(cls)["symmetry"] == "--sym"
        assert "--sym for --symmetry" in " ".join(parser(cls, "x").format_help().split())
    for cls in registry.job_types().values():
        assert "sym" not in {option.name for option in options(cls)}
