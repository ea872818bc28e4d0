import numpy as np
import pytest

from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.resolution import Convergence
from vitreous.methods.refinement.schedule3d import WORST_DEG, Accuracy, accuracy, following

FINE = Accuracy(1.0, 0.2)
QUIET = {"turn_deg": 0.08, "move_px": 0.015}


def _next(stage, at, *, rounds=1, moved=0.0, by_resolution=False):
    return following(stage, at, global_rounds=rounds, fine=FINE, moved_share=moved, by_resolution=by_resolution)


def test_global_rounds_go_on_while_a_second_look_finds_other_views():
    assert _next("coarse", Convergence())[0] == "global"
    assert _next("global", Convergence(), moved=0.2)[0] == "global"
    stage, at = _next("global", Convergence(no_gain=3, no_change=2, turn_deg=3.0), moved=0.01)
    assert (stage, at.no_gain, at.no_change) == ("local", 0, 0)
    assert _next("global", Convergence(turn_deg=80.0), moved=0.01)[0] == "global"  # most poses are new
    assert _next("global", Convergence(turn_deg=80.0, no_gain=1), rounds=2, moved=0.01)[0] == "local"
    assert _next("global", Convergence(), rounds=4, moved=0.2)[0] == "local"
    assert _next("global", Convergence(), moved=0.2, by_resolution=True)[0] == "local"


@pytest.mark.parametrize(
    ("at", "stage"),
    [
        (Convergence(no_gain=0, **QUIET), "local"),
        (Convergence(no_gain=1, **QUIET), "last"),
        (Convergence(no_gain=1, turn_deg=0.25, move_px=0.03), "local"),
        (Convergence(no_gain=1, turn_deg=0.2, move_px=0.3), "local"),
        (Convergence(no_gain=3, turn_deg=0.5, move_px=0.3), "last"),
    ],
)
def test_local_rounds_end_when_nothing_is_gained_and_poses_rest(at, stage):
    assert _next("local", at)[0] == stage


def test_resolution_alone_may_decide():
    assert _next("local", Convergence(no_gain=1, turn_deg=5.0, move_px=1.0), by_resolution=True)[0] == "last"


def test_accuracy_is_where_a_pose_is_a_hundred_times_less_likely():
    information = np.diag([4.0, 4.0, 4.0, 9.0, 9.0])[None, None] * np.array([1e4, 1.0])[:, None, None, None]
    modes = Modes(np.tile(np.eye(3), (2, 1, 1, 1)), np.zeros((2, 1, 2)), np.zeros((2, 1)), information)
    first = accuracy(modes.select(np.array([0])))
    turn = np.radians(first.turn_deg)
    assert np.exp(-0.5 * 4e4 * turn**2) == pytest.approx(0.01)
    assert np.exp(-0.5 * 9e4 * first.move_px**2) == pytest.approx(0.01)
    assert accuracy(modes).turn_deg == pytest.approx((first.turn_deg + WORST_DEG) / 2)
