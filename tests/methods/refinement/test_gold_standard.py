import numpy as np

from vitreous.methods.refinement import density, gold_standard
from vitreous.methods.refinement.gold_standard import Sums
from vitreous.tables.table import Table


def test_halves_of_the_table_are_kept():
    half = np.array([1, 2, 2, 1, 1])
    assert (gold_standard.split(Table({"half": half}), 3) == half).all()


def test_micrographs_stay_whole():
    names = np.repeat([f"m{i}" for i in range(20)], 10)
    half = gold_standard.split(Table({"micrograph": names}), 5)
    assert all(len(set(half[names == name])) == 1 for name in set(names))
    assert abs((half == 1).sum() - 100) <= 10
    assert (half != gold_standard.split(Table({"micrograph": names}), 6)).any()


def test_one_micrograph_is_split_by_particle():
    half = gold_standard.split(Table({"micrograph": np.array(["m"] * 11)}), 5)
    assert sorted([(half == 1).sum(), (half == 2).sum()]) == [5, 6]
    assert (half == gold_standard.split(Table({"micrograph": np.array(["m"] * 11)}), 5)).all()


def test_halves_meet_below_the_shell_only():
    generator = np.random.default_rng(0)
    made = []
    for _ in range(2):
        data, weights = density.empty_cube(6)
        data += generator.normal(size=data.shape)
        weights += generator.uniform(1, 2, weights.shape)
        made.append(Sums(data, weights.astype(np.float32)))
    one, two = gold_standard.join_low(made, 3)
    low = density.cube_shells(one.weights.shape[0]) <= 3
    assert np.allclose(one.data[low], made[0].data[low] + made[1].data[low])
    assert np.array_equal(one.data[low], two.data[low])
    assert np.array_equal(two.data[~low], made[1].data[~low])
    assert np.allclose(gold_standard.together(made).weights, made[0].weights + made[1].weights)


def test_the_filter_halves_a_shell_whose_signal_equals_its_noise(specimen):
    volume = specimen(16, 1, reach=0.2).volume()
    weights = density.empty_cube(7)[1]
    weights += 2.0
    sums = Sums(2.0 * density.to_cube(volume, 7), weights)
    plain = gold_standard.unfiltered(sums, 16)
    assert np.allclose(gold_standard.filtered(sums, np.ones(9), 16), plain / 2, atol=1e-4 * plain.max())


def test_halves_joined_in_place_and_merged_are_the_sums_of_both():
    generator = np.random.default_rng(5)
    sums = []
    for _ in range(2):
        data, weights = density.empty_cube(6)
        data[:] = generator.normal(size=data.shape) + 1j * generator.normal(size=data.shape)
        weights[:] = generator.uniform(size=weights.shape)
        sums.append(gold_standard.Sums(data, weights))
    whole = gold_standard.together(sums)
    apart = gold_standard.join_low(sums, 3)
    assert not np.array_equal(apart[0].data, sums[0].data)
    joined = gold_standard.join_low(sums, 3, in_place=True)
    assert joined[0].data is sums[0].data
    for one, two in zip(apart, joined):
        assert np.array_equal(one.data, two.data)
        assert np.array_equal(one.weights, two.weights)
    made = gold_standard.merged(joined, 3)
    assert np.allclose(made.data, whole.data)
    assert np.allclose(made.weights, whole.weights)
