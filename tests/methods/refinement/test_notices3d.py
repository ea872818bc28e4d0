import numpy as np
import pytest
import torch
from scipy import ndimage

from vitreous.context import Context
from vitreous.maths import rotations
from vitreous.methods.refinement import notices3d, refine3d
from vitreous.methods.refinement.settings3d import Optimisation, Reference, RefineSettings, Sampling


def _enlarged(volume, factor):
    centre = np.full(3, volume.shape[0] // 2, float)
    return ndimage.affine_transform(volume, np.eye(3) / factor, centre - centre / factor, order=3).astype(np.float32)


@pytest.mark.parametrize("factor", [1.0, 0.95, 1.04, 1.07])
def test_the_scale_of_a_reference_is_measured(simulated, factor):
    made = simulated(48, 81, 1, snr=0)
    noisy = made.volume + 0.05 * made.volume.std() * np.random.default_rng(1).normal(size=made.volume.shape).astype(np.float32)
    found, _ = notices3d.magnification(noisy, _enlarged(made.volume, 1 / factor), shell=14)
    assert found == pytest.approx(factor, abs=0.012)
    told = notices3d.of_the_reference(noisy, _enlarged(made.volume, 1 / factor), shell=14, voxel_size_A=4.0)
    assert len(told) == (abs(factor - 1) > 0.02)
    if told:
        assert f"{4.0 * found:.3f} Å rather than 4.000" in told[0]


def _views(count, seed, piled=0.0):
    turns = rotations.random_rotations(count, torch.Generator().manual_seed(seed)).numpy()
    turns[: int(piled * count)] = np.eye(3)
    return turns


def test_a_half_whose_views_pile_up_is_told():
    half = np.repeat([1, 2], 400)
    even = np.concatenate([_views(400, 1), _views(400, 2)])
    assert notices3d.of_the_views(even, half, "C1") == []
    assert notices3d.of_the_views(even, half, "D2") == []
    one = np.concatenate([_views(400, 1), _views(400, 2, piled=0.6)])
    assert "half 2" in notices3d.of_the_views(one, half, "C1")[0]
    both = np.concatenate([_views(400, 1, piled=0.6), _views(400, 2, piled=0.6)])
    assert notices3d.of_the_views(both, half, "C1") == [], "a preferred view of the specimen itself"


def test_halves_that_part_where_they_are_no_longer_joined():
    fsc = np.linspace(1, 0, 33)
    assert notices3d.of_the_halves(fsc, joined_A=40.0, box=64, pixel_size_A=4.0) == []
    parted = np.where(np.arange(33) < 7, 1.0, 0.0)
    assert "do not agree beyond 40" in notices3d.of_the_halves(parted, joined_A=40.0, box=64, pixel_size_A=4.0)[0]
    assert notices3d.of_the_halves(parted, joined_A=0.0, box=64, pixel_size_A=4.0) == []


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1.0, 1.06])
def test_a_refinement_tells_of_a_reference_of_another_pixel_size(simulated, factor):
    made = simulated(40, 82, 300, snr=0.5)
    said = []
    settings = RefineSettings(
        reference=Reference(low_pass_A=30.0, symmetry="C1"), optimisation=Optimisation(particle_diameter_A=130.0),
        sampling=Sampling(step="15 degrees"),
    )  # fmt: skip
    reference = _enlarged(made.volume, 1 / factor)
    list(refine3d.refine(made, made.table, reference, settings, context=Context(on_note=said.append)))
    told = [one for one in said if "pixel size is wrong" in one]
    assert len(told) == (factor != 1.0), said
