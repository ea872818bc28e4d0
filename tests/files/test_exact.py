import numpy as np

from vitreous.files import exact


def test_the_last_two_are_kept_to_the_bit(tmp_path):
    generator = np.random.default_rng(3)
    kept = [{"a": generator.standard_normal((2, 3)), "b": np.arange(number)} for number in range(4)]
    for number, arrays in enumerate(kept):
        exact.write(tmp_path, 10 * number, arrays)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run_it020_exact.npz", "run_it030_exact.npz"]
    for number in (2, 3):
        read = exact.read(tmp_path, 10 * number)
        assert set(read) == {"a", "b"} and all(np.array_equal(read[name], kept[number][name]) for name in read)
    assert exact.read(tmp_path, 10) == {}
