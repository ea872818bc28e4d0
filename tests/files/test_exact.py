import json

import numpy as np

from vitreous.files import chain, exact


def test_the_last_two_are_kept_to_the_bit(tmp_path):
    generator = np.random.default_rng(3)
    kept = [{"a": generator.standard_normal((2, 3)), "b": np.arange(number)} for number in range(4)]
    for number, arrays in enumerate(kept):
        exact.write(tmp_path, 10 * number, arrays)
        (tmp_path / f"run_it{10 * number:03d}_optimiser.star").touch()
    assert sorted(path.name for path in tmp_path.glob("*.npz")) == ["run_it020_exact.npz", "run_it030_exact.npz"]
    for number in (2, 3):
        read = exact.read(tmp_path, 10 * number)
        assert set(read) == {"a", "b"} and all(np.array_equal(read[name], kept[number][name]) for name in read)
    assert exact.read(tmp_path, 10) == {}


def test_after_going_on_from_an_earlier_iteration_its_own_are_kept(tmp_path):
    for one in (chain.Saved(24), chain.Saved(25), chain.Saved(8, "run_ct7"), chain.Saved(9, "run_ct7")):
        exact.write(tmp_path, one, {"a": np.array([int(one)])})
        (tmp_path / f"{one.name}_optimiser.star").touch()
        path = tmp_path / chain.LOG
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as stream:
            stream.write(json.dumps({"iteration": int(one), "root": one.root}) + "\n")
    assert sorted(path.name for path in tmp_path.glob("*.npz")) == ["run_ct7_it008_exact.npz", "run_ct7_it009_exact.npz"]
    assert exact.read(tmp_path, 9)["a"] == 9
