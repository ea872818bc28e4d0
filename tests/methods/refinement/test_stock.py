"""Images made ready: the same whether memory holds them or they are read in each round; and the plan is told."""

import numpy as np

from vitreous.context import Context
from vitreous.methods.refinement.stock import Stock


def test_images_are_the_same_with_memory_and_without(simulated):
    made = simulated(32, 2, 24)
    said = []
    large, small = (
        Stock(
            made,
            made.table,
            pixel_size_A=4.0,
            diameter_A=100.0,
            context=Context(memory_GB=memory_GB, on_note=said.append),
        )
        for memory_GB in (1.0, 1e-4)
    )
    assert said[0].startswith("24 images are kept in memory as transforms")
    assert "more than half of the 0.0001 GB allowed: they are read anew in each round" in said[1]
    rows = np.array([3, 20, 7, 3])
    one, other = large.batch(rows), small.batch(rows)
    for name in ("whole", "masked", "ctf"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-5)


def test_the_plan_of_batches_is_told_when_it_changes(simulated):
    made = simulated(32, 2, 8)
    said = []
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=100.0, context=Context(threads=2, on_note=said.append))
    for size in (64, 64, 16):
        stock.tell_batch(size, 1_000_000)
    assert said[1:] == [
        "batches of 64 images in each of 2 threads, 2.05 GB",
        "batches of 16 images in each of 2 threads, 0.51 GB",
    ]
