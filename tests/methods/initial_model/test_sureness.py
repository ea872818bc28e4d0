import numpy as np

from vitreous.methods.initial_model import alike, sureness


def test_a_fold_that_one_start_alone_finds_is_not_sure():
    assert sureness.Sureness((0.97, 0.9, 0.5), 5.0, 0.5).is_sure
    alone = sureness.Sureness((0.97, 0.6, 0.5), 5.0, 0.5)
    assert not alone.is_sure
    assert "1 of 3" in alone.sentence() and "do not trust" in alone.sentence()
    assert not sureness.Sureness((0.97, 0.9), 0.2, 0.5).is_sure


def test_the_rotational_average_of_a_map(specimen):
    ball = specimen(24, 81, count=4, reach=0.0).volume()
    assert np.corrcoef(sureness.featureless(ball).ravel(), ball.ravel())[0, 1] > 0.98
    volume = specimen(24, 82, count=10).volume()
    made = sureness.featureless(volume)
    assert abs(made.sum() - volume.sum()) < 0.1 * volume.sum()
    assert made.std() < 0.9 * volume.std()


def test_agreement_takes_the_nearest_of_several_classes(specimen):
    one, two = (specimen(36, seed, count=25).volume() for seed in (83, 84))
    assert sureness.agreement((two, one), (one,), 8) > 0.97
    assert sureness.agreement((two,), (one,), 8) < alike.SAME_FOLD
