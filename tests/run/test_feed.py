"""How many very short units go to a worker at once."""

from vitreous.run.feed import Portions


def test_long_units_go_alone_and_short_ones_in_portions():
    portions = Portions()
    assert portions.size(10_000, 2) == 1
    for _ in range(30):
        portions.saw(1, 0.001)
    assert 150 <= portions.size(100_000, 2) <= Portions.MOST
    portions.saw(100, 100.0)
    assert portions.size(100_000, 2) == 1, "one long unit is enough to be careful"


def test_the_last_units_are_shared_out():
    portions = Portions()
    for _ in range(30):
        portions.saw(1, 0.001)
    assert portions.size(40, 4) == 5
    assert portions.size(0, 4) == 1


def test_a_lost_portion_teaches_nothing():
    portions = Portions()
    portions.saw(1, 2.0)
    for _ in range(30):
        portions.saw(1, 0.0)
    assert portions.size(10_000, 2) == 1
