import pytest

from vitreous.context import UserError
from vitreous.project.commands import main


def test_built_run_and_looked_at_by_commands(project, tmp_path, job_star, capsys):
    (tmp_path / "my.star").write_text(job_star(in_list="list.txt"))
    for words in (
        "new s",
        "add s variable n 0",
        "add s variable most 2",
        "add s variable more false",
        "add s variable hours 1",
        "add s operator float=plus n n 1 --called ADD",
        "add s operator bool=lt more n most --called LESS",
        "add s operator exit_maxtime hours --called OVER",
        "add s operator exit",
        f"add s job work {tmp_path}/my.star continue",
        "add s edge work OVER",
        "add s edge OVER ADD",
        "add s edge ADD LESS",
        "add s fork LESS more work EXIT",
        "run s --here",
    ):
        assert main(["scheme", *words.split()]) == 0
    assert "work: External/job001/ goes on" in capsys.readouterr().out
    assert main(["scheme", "show", "s"]) == 0
    said = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "Schemes/s/ stands at EXIT" in said
    for line in ("n float 2 reset 0", "LESS bool=lt more n most", "OVER exit_maxtime hours", "work continue External/job001/"):
        assert line in said
    assert "LESS -> work if more else EXIT" in said
    assert main(["scheme", "set-variable", "s", "n", "1"]) == 0
    assert main(["scheme", "set-node", "s", "LESS"]) == 0
    assert main(["scheme", "set-mode", "s", "work", "new"]) == 0
    assert main(["scheme", "set-option", "s", "work", "factor_x", "3"]) == 0
    assert "new jobs will be made for work" in capsys.readouterr().out
    assert main(["scheme", "run", "s", "--here"]) == 0
    assert main(["scheme", "reset", "s"]) == 0
    assert main(["scheme", "unlock", "s"]) == 0
    capsys.readouterr()
    assert main(["scheme", "list"]) == 0
    assert capsys.readouterr().out == "Schemes/s  stands  at work\n"
    assert list(project.graph().processes) == ["External/job001/", "External/job002/"]


def test_a_part_with_too_few_words_is_told_its_usage(project):
    project.new_scheme("s")
    with pytest.raises(UserError, match="scheme add s fork takes FROM BOOLEAN TO_IF_TRUE TO_IF_FALSE"):
        main(["scheme", "add", "s", "fork", "A"])
    with pytest.raises(UserError, match="does not run"):
        main(["scheme", "abort", "s"])
