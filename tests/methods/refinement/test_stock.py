"""Images made ready: the same whether memory holds them or they are read in each round; and the plan is told."""

import numpy as np
import pytest

from vitreous.arrays.source import InMemory
from vitreous.context import Context, UserError
from vitreous.methods.refinement.stock import Stock
from vitreous.methods.straight import optics_of


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


def test_aberrations_and_distortion_are_taken_off_as_images_come_in(simulated):
    made = simulated(32, 2, 8)
    known = {"odd_zernike": ["[0,0,40,0,0,-60]"], "beam_tilt_x_mrad": [0.5], "beam_tilt_y_mrad": [0.0]}
    known |= {f"mag_matrix_{i}{j}": [value] for (i, j), value in np.ndenumerate([[1.02, 0.0], [0.0, 0.98]])}
    optics = made.table.optics.with_(**{name: np.array(value) for name, value in known.items()})
    table = made.table.with_optics(optics)
    assert not optics_of(table)[0][0].ideal
    plain = Stock(made, made.table, pixel_size_A=4.0, diameter_A=100.0, context=Context())
    odd_only = table.with_optics(optics.without(*(f"mag_matrix_{i}{j}" for i in range(2) for j in range(2))))
    factor = optics_of(odd_only)[0][0].demodulation(32, 4.0).numpy().conj()
    images = np.fft.fftshift(np.fft.irfft2(np.fft.rfft2(np.fft.ifftshift(made.images, axes=(1, 2))) * factor), axes=(1, 2))
    stock = Stock(InMemory(images), odd_only, pixel_size_A=4.0, diameter_A=100.0, context=Context())
    rows = np.arange(8)
    np.testing.assert_allclose(stock.batch(rows).masked, plain.batch(rows).masked, atol=1e-2)
    distorted = Stock(made, table, pixel_size_A=4.0, diameter_A=100.0, context=Context())
    assert np.abs(distorted.batch(rows).whole - plain.batch(rows).whole).max() > 1
    origins = np.tile([1.0, -2.0], (8, 1))
    np.testing.assert_allclose(distorted.recorded_origins(origins)[0], [1.02, -1.96])
    np.testing.assert_array_equal(plain.recorded_origins(origins), origins)
    rows = table.with_(origin_x_A=np.full(8, 1.02), origin_y_A=np.full(8, -1.96))
    back = distorted.straight_rows(rows)
    np.testing.assert_allclose([back["origin_x_A"][3], back["origin_y_A"][3]], [1.0, -2.0])
    assert plain.straight_rows(rows) is rows and distorted.straight_rows(table) is table


def test_a_batch_to_a_lower_resolution_is_the_start_of_the_whole(simulated):
    made = simulated(24, 31, 6)
    for memory_GB in (4.0, 1e-6):
        stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=80.0, context=Context(memory_GB=memory_GB))
        rows = np.array([4, 1, 5])
        whole, low = stock.batch(rows), stock.batch(rows, 40)
        for name in ("whole", "masked", "ctf"):
            assert np.array_equal(getattr(whole, name)[:, :40], getattr(low, name))
            assert getattr(low, name).flags.c_contiguous


def test_rows_that_are_set_aside_are_told_once_whenever_they_are_found(simulated):
    made = simulated(32, 2, 40)
    images = made.images.copy()
    images[5], images[10:35] = np.nan, 1.0
    said: list[str] = []
    context = Context(memory_GB=1e-4, on_note=said.append)
    stock = Stock(InMemory(images), made.table, pixel_size_A=4.0, diameter_A=100.0, context=context)
    stock.tell_bad("a.star")
    assert not any("set aside" in note for note in said), "none has been read"
    stock.batch(np.arange(40))
    stock.tell_bad("a.star")
    stock.tell_bad("a.star")
    told = [note for note in said if "set aside" in note]
    assert told[0] == "row 6 of a.star is set aside: the image holds values that are not numbers"
    assert told[20:] == ["6 more rows of a.star are set aside"]


def test_images_whose_ctf_was_dealt_with_are_known_and_those_without_one_refused(simulated):
    made = simulated(24, 31, 6)

    def stock(table, **options):
        return Stock(made, table, pixel_size_A=4.0, diameter_A=80.0, context=Context(), **options)

    rows = np.arange(6)
    plain = stock(made.table).batch(rows).ctf
    flipped = stock(made.table.with_(ctf_phase_flipped=np.ones(6, bool))).batch(rows).ctf
    assert (plain < 0).any() and np.array_equal(flipped, np.abs(plain))
    with pytest.raises(UserError, match="multiplied by their CTF already"):
        stock(made.table.with_(ctf_premultiplied=np.ones(6, bool)))
    none = made.table.without("defocus_u_A")
    with pytest.raises(UserError, match="no defocus"):
        stock(none)
    assert (stock(none, ctf=False).batch(rows).ctf == 1).all()
