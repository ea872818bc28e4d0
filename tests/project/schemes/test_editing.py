from dataclasses import replace

import pytest

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.project.schemes import scheme_file
from vitreous.project.schemes.model import Edge, Operator


@pytest.fixture
def chain(build, job_star):
    """Three jobs in a round, all of them started."""
    jobs = [(name, "continue", job_star(in_list="list.txt", factor_x="$$n")) for name in ("a", "b", "c")]
    door = build("s", {"n": 1.0, "on": False, "t": "x"}, [("WAIT", "wait", "undefined", "n")],
        [("WAIT", "a"), ("a", "b"), ("b", "c"), ("c", "WAIT")], jobs)  # fmt: skip
    scheme = door.read()
    scheme.current = "b"
    scheme.jobs = {n: replace(j, name=f"External/job00{k}/", has_started=True) for k, (n, j) in enumerate(scheme.jobs.items(), 1)}
    scheme_file.write(door.folder, scheme)
    return door


def started(door):
    return [name for name, job in door.read().jobs.items() if job.has_started]


def test_reset_takes_everything_back(chain):
    chain.set_variable("n", "5")
    chain.reset()
    scheme = chain.read()
    assert (scheme.current, scheme.variables["n"].value, started(chain)) == ("WAIT", 1.0, [])
    assert scheme.jobs["b"].name == "b"
    chain.set_variable("n", "6", also_reset=True)
    chain.reset()
    assert chain.read().variables["n"].value == 6


def test_variables_keep_their_type(chain):
    assert chain.set_variable("on", "True") is True
    assert chain.set_variable("t", "5") == "5"
    with pytest.raises(UserError, match="the variable n is 'many', but must be a number"):
        chain.set_variable("n", "many")
    with pytest.raises(UserError, match="no variable 'm'; it has n, on, t"):
        chain.set_variable("m", "1")


def test_a_changed_option_starts_anew_what_follows_in_the_round(chain):
    assert chain.set_option("b", "factor_x", "3") == ["b", "c"]
    assert started(chain) == ["a"]
    assert as_star.read(chain.folder.job_star("b")).values == {"in_list": "list.txt", "factor_x": "3"}
    assert chain.set_option("b", "seconds", "2") == [], "our own name, and a new row"
    assert as_star.read(chain.folder.job_star("b")).values["seconds"] == "2"
    with pytest.raises(UserError, match="Toy map has no option 'colour'"):
        chain.set_option("b", "colour", "red")
    with pytest.raises(UserError, match="has no job 'd'; it has a, b, c"):
        chain.set_option("d", "seconds", "2")


def test_node_and_mode(chain):
    chain.set_node("c")
    assert chain.read().current == "c"
    with pytest.raises(UserError, match="no node 'd'; it has WAIT, a, b, c"):
        chain.set_node("d")
    chain.set_mode("a", "new")
    assert chain.read().jobs["a"].mode == "new"
    with pytest.raises(UserError, match="it may be new, continue"):
        chain.set_mode("a", "overwrite")


def test_a_scheme_is_built_from_nothing_and_runs(project, tmp_path, job_star):
    door = project.new_scheme("made")
    assert [door.add_variable(*words) for words in (("n", "0"), ("most", "2"), ("more", "false"))] == [0.0, 2.0, False]
    assert door.add_operator(Operator("", "float=plus", "n", "n", "1")) == "n=PLUS_n_1"
    assert door.add_operator(Operator("", "bool=lt", "more", "n", "most")) == "more=LT_n_most"
    assert door.add_operator(Operator("", "exit")) == "EXIT"
    (tmp_path / "my.star").write_text(job_star(in_list="list.txt"))
    door.add_job("work", str(tmp_path / "my.star"), "continue")
    for edge in (Edge("work", "n=PLUS_n_1"), Edge("n=PLUS_n_1", "more=LT_n_most")):
        door.add_edge(edge)
    door.add_edge(Edge("more=LT_n_most", "EXIT", True, "work", "more"))
    assert door.read().current == "work"
    assert door.run(here=True).passed == 7
    assert list(project.graph().processes) == ["External/job001/"]


@pytest.mark.parametrize(
    "act, sentence",
    [
        (lambda door: door.add_variable("n", "1"), "has n already"),
        (lambda door: door.add_variable("a b", "1"), "'a b' cannot be a name"),
        (lambda door: door.add_operator(Operator("WAIT", "exit")), "has WAIT already"),
        (lambda door: door.add_operator(Operator("x", "float=plus", "t", "n", "n")), "its output 't' is none"),
        (lambda door: door.add_edge(Edge("c", "nowhere")), "names nowhere, which is neither"),
        (lambda door: door.add_edge(Edge("c", "a")), "two edges leave c"),
        (lambda door: door.add_edge(Edge("x", "a", True, "b", "n")), "names x"),
        (lambda door: door.project.new_scheme("s"), "is there already"),
        (lambda door: door.project.new_scheme("a/b"), "cannot be a name"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(chain, act, sentence):
    before = chain.folder.star.read_bytes()
    with pytest.raises(UserError, match=sentence):
        act(chain)
    assert chain.folder.star.read_bytes() == before
