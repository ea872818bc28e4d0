import pytest

from vitreous.context import Context, UserError
from vitreous.methods.refinement import memory3d


@pytest.mark.parametrize("memory_GB", [1.0, 4.0, 30.0])
def test_the_largest_box_fits_and_the_next_does_not(memory_GB):
    box = memory3d.largest_box(memory_GB)
    assert memory3d.maps_GB(box) <= memory_GB < memory3d.maps_GB(box + 4)


def test_what_cannot_fit_is_refused_with_what_would():
    said = []
    memory3d.plan(128, Context(memory_GB=4.0, on_note=said.append))
    assert f"{memory3d.maps_GB(128):.2f} GB" in said[0]
    with pytest.raises(UserError, match=r"--memory-gb\) to 7, or bin the particles to 2\d\d pixels"):
        memory3d.plan(256, Context(memory_GB=4.0))
    memory3d.plan(800, Context(memory_GB=256.0))
    memory3d.plan(48, Context(memory_GB=0.001))
