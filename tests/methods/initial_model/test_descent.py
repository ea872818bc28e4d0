import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.maths import symmetry
from vitreous.methods.initial_model import axes, descent, results
from vitreous.methods.initial_model.settings import Descent, InitialModelSettings, Shape
from vitreous.methods.refinement import resolution
from vitreous.methods.refinement.refine3d import low_passed


def _settings(**shape):
    wanted = Descent(mini_batches=90, starts=3, rounds=3, first_batch=60, last_batch=150, last_resolution_A=20.0)
    return InitialModelSettings(descent=wanted, shape=Shape(particle_diameter_A=130.0, **shape))


def _fits(found, truth):
    """Best correlation in either hand over the turns that leave the axes of D2 in place: those of the cube."""
    best = 0.0
    for hand in (found, np.roll(found[::-1], 1, 0)):
        for turn in symmetry.operators("O").numpy():
            there = axes.turned(hand.astype(np.float32), turn, group="C1")
            best = max(best, float(np.corrcoef(there.ravel(), truth.ravel())[0, 1]))
    return best


@pytest.mark.slow
@pytest.mark.parametrize("without", [False, True])
def test_the_fold_from_nothing(simulated, without):
    made = simulated(32, 61, 500, group="D2", snr=0.4, pixel_size_A=5.0)
    settings = _settings(symmetry="D2", without_symmetry_first=without)
    states = list(descent.initial_model(made, made.table, settings, Context(threads=2)))
    last = states[-1]
    assert last.finished and last.group == "D2"
    assert [state.group for state in states[:3]] == ["C1" if without else "D2"] * 3
    assert last.sure is not None and len(last.sure.agreements) == 3 and last.sure.gain > 0
    engine = descent.InitialModel(made, made.table, settings, Context())
    found = engine.full_size(last.maps[0])
    assert _fits(found, low_passed(made.volume, 5.0, 25.0)) > 0.75
    assert axes.agreement(found, np.eye(3)[None], group="D2", shells=6)[0] > 0.95
    columns = results.columns(engine, last)
    assert len(columns["rot_deg"]) == 500
    assert np.isfinite(columns["psi_deg"]).all()


@pytest.mark.slow
def test_the_same_seed_makes_the_same_map(simulated):
    made = simulated(24, 62, 120, snr=0.5)
    settings = InitialModelSettings(
        descent=Descent(mini_batches=10, starts=1, rounds=1, first_batch=30, last_batch=40, last_resolution_A=20.0),
        shape=Shape(particle_diameter_A=80.0),
    )
    one, two = (list(descent.initial_model(made, made.table, settings, Context(seed=4)))[-1] for _ in range(2))
    assert np.allclose(one.maps[0], two.maps[0], atol=1e-5 * one.maps[0].max())
    assert one.maps[0].min() >= 0.0
    assert one.maps[0].max() > 0.0


def test_maps_change_grid_and_back(simulated):
    made = simulated(64, 63, 60, snr=1.0)
    engine = descent.InitialModel(made, made.table, _settings(), Context())
    assert engine.box < 64
    small = engine.small_size(made.volume)
    again = engine.small_size(engine.full_size(small))
    assert np.allclose(small, again, atol=1e-4 * small.max())
    curve = resolution.half_map_fsc(engine.full_size(small), made.volume)
    assert curve[1 : engine.last].min() > 0.98


def test_sentences(simulated):
    made = simulated(24, 64, 8, snr=1.0)
    with pytest.raises(UserError, match="few hundred"):
        descent.InitialModel(made, made.table, _settings(), Context())
    with pytest.raises(UserError, match="no particles"):
        descent.InitialModel(made, made.table.select([]), _settings(), Context())
