import pytest

from vitreous.context import Context, UserError
from vitreous.methods.refinement import density, memory3d


@pytest.mark.parametrize("padding", [1, 2])
@pytest.mark.parametrize("memory_GB", [1.0, 4.0, 30.0])
def test_the_largest_box_fits_and_the_next_does_not(memory_GB, padding):
    box = memory3d.largest_box(memory_GB, padding)
    assert memory3d.maps_GB(box, padding) <= memory_GB < memory3d.maps_GB(box + 6, padding)


def test_without_padding_the_sums_take_an_eighth_and_all_about_a_quarter():
    padded, plain = (density.empty_cube(127, padding)[0].nbytes for padding in (2, 1))
    assert plain == pytest.approx(padded / 8, rel=0.05)
    assert memory3d.maps_GB(256, 1) == pytest.approx(memory3d.maps_GB(256, 2) / 4, rel=0.1)


def test_what_cannot_fit_is_refused_with_what_would():
    said = []
    memory3d.plan(128, Context(memory_GB=4.0, on_note=said.append))
    assert f"{memory3d.maps_GB(128):.2f} GB" in said[0]
    with pytest.raises(UserError, match=r"--memory-gb\) to 7, or bin the particles to 2\d\d pixels"):
        memory3d.plan(256, Context(memory_GB=4.0))
    with pytest.raises(UserError, match=r"skip the padding \(--skip-padding\), which takes 1\.\d GB\."):
        memory3d.plan(256, Context(memory_GB=4.0))
    memory3d.plan(256, Context(memory_GB=4.0), padding=1)
    for padding in (1, 2):  # where that would not fit either, it is not named
        with pytest.raises(UserError, match=r"pixels or less\.$"):
            memory3d.plan(800, Context(memory_GB=4.0), padding=padding)
    memory3d.plan(800, Context(memory_GB=256.0))
    memory3d.plan(48, Context(memory_GB=0.001))
