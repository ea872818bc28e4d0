import json
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.declare import Unit
from vitreous.job.placement import Placement
from vitreous.run.feed import AtMost
from vitreous.run.runner import run


class ListFeed:
    """A feed of units that are all known."""

    def __init__(self, units):
        self.left = list(units)

    def take(self, most):
        found, self.left = self.left[:most], self.left[most:]
        return found

    def waiting(self):
        return len(self.left)

    def closed(self):
        return not self.left

    def pause_s(self):
        return 0.0


@pytest.fixture
def listing(tmp_path, monkeypatch, toys):
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("".join(f"u{number} {number}\n" for number in range(7)))
    return toys.ToyMap(listing="list.txt")


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_run_does_at_most_so_many_and_the_next_goes_on(listing, workers):
    placement = Placement(workers=workers, at_most=3)
    found = []
    for _ in range(4):
        outcome = run(listing, "job", placement, quiet=True)
        assert outcome.status == "succeeded"
        found.append((outcome.did, len(json.loads(Path("job/table.json").read_text()))))
    assert found == [(3, 3), (3, 6), (1, 7), (0, 7)]
    assert Path("job/run.out").read_text().count("at most 3 in this run; continue does the next") == 2
    assert run(listing, "job", Placement(), quiet=True).did == 0, "it is no part of the identity"


def test_the_feed_closes_when_so_many_were_taken():
    feed = AtMost(ListFeed([Unit(str(number)) for number in range(5)]), 3)
    assert feed.waiting() == 3 and not feed.closed()
    assert [unit.key for unit in feed.take(2)] == ["0", "1"]
    assert feed.waiting() == 1
    assert [unit.key for unit in feed.take(9)] == ["2"]
    assert feed.take(9) == [] and feed.closed()
    short = AtMost(ListFeed([Unit("a")]), 3)
    short.take(3)
    assert short.closed()


def test_relions_argument_is_read_out_of_other_args(tmp_path):
    def loaded(text):
        path = tmp_path / "job.star"
        rows = f'input_star_mics movies.star\nother_args "{text}"\n'
        head = "data_job\n\n_rlnJobTypeLabel relion.motioncorr\n_rlnJobIsContinue 0\n\ndata_joboptions_values\n\nloop_\n"
        path.write_text(f"{head}_rlnJobOptionVariable #1\n_rlnJobOptionValue #2\n{rows}\n")
        return as_star.load(path)

    assert loaded("--do_at_most 50").placement.at_most == 50
    assert loaded("").placement.at_most == 0
    with pytest.raises(UserError, match="does not support other_args = '--do_at_most 50 --dose_motionstats_cutoff 2'"):
        loaded("--do_at_most 50 --dose_motionstats_cutoff 2")
    with pytest.raises(UserError, match="at-most"):
        loaded("--do_at_most many")
    again = tmp_path / "again.star"
    as_star.write(again, loaded("--do_at_most 50").job, Placement(at_most=50))
    assert as_star.load(again).placement.at_most == 50
