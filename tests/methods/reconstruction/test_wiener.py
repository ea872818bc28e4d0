"""Reconstruction from known poses: truth, flat profile, CTF, shifts, symmetry, aberrations, bad input."""

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.context import Context, UserError
from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.maths.fourier import VOLUME, irfft2, irfft3, rfft3, shift2
from vitreous.maths.grids import distance3, offsets, radius3
from vitreous.maths.kernels.project import prepare, project
from vitreous.maths.masks import sphere
from vitreous.maths.rotations import random_rotations
from vitreous.maths.shells import fsc, power
from vitreous.methods.reconstruction import wiener
from vitreous.methods.reconstruction.gridding import blob_transform, blob_window, compensation, radially
from vitreous.methods.reconstruction.particles import PosedParticles, random_halves
from vitreous.methods.reconstruction.settings import Reconstruction
from vitreous.methods.straight import Optics


def specimen(box, seed=0):
    """White noise in a soft sphere: every shell holds signal and nothing is symmetric."""
    noise = torch.randn(box, box, box, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return noise * sphere(box, 0.3 * box, 3)


def slices_of(volume, poses, padding=3):
    box = volume.shape[-1]
    return project(prepare(volume.float(), padding), poses.float(), box, box, padding=padding)


def generator(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("gridding", [0, 1, 10])
@pytest.mark.parametrize("box", [32, 33])
def test_noise_free_exact_poses_give_the_truth(box, gridding):
    volume = specimen(box)
    poses = random_rotations(2000, generator(1))
    images = irfft2(slices_of(volume, poses), box)
    made = wiener.reconstruct(images.numpy(), poses, pixel_size_A=2.0, settings=Reconstruction(gridding=gridding))
    truth, inside = rfft3(volume), sphere(box, 0.35 * box, 2)
    limit = int(0.8 * box / 2)
    for found in (made.volume, made.half1, made.half2):
        ft = rfft3(found.double() * inside)
        assert float(fsc(ft, truth)[: limit + 1].min()) > 0.99
        profile = (power(ft, ndim=3) / power(truth, ndim=3)).sqrt()[1 : limit + 1]
        assert float((profile - 1).abs().max()) < 0.08
    # flat in real space too: the gridding correction neither left out nor applied twice
    band = radius3(box) < box / 2 - 1  # images hold no corner frequencies
    seen, found = (irfft3(torch.where(band, ft, 0), box) for ft in (truth, rfft3(made.volume.double())))
    distance = torch.sqrt(sum(d**2 for d in torch.meshgrid(*[offsets(box)] * 3, indexing="ij")))
    for low, high in ((0, 0.15), (0.15, 0.25), (0.25, 0.3)):
        ring = (distance >= low * box) & (distance < high * box)
        assert float((found * seen)[ring].sum() / (seen * seen)[ring].sum()) == pytest.approx(1, abs=0.01)
    assert made.resolution_A < 4.0 / 0.8 and made.voxel_size_A == 2.0


def noisy_set(box=32, count=1200, pixel_size_A=3.0):
    volume = specimen(box, seed=2)
    poses = random_rotations(count, generator(3))
    defocus = torch.linspace(8000, 20000, count, dtype=torch.float64)
    ctf = CtfParams.of(defocus, defocus - 800, defocus_angle_deg=35.0)
    shifts = (torch.rand(count, 2, generator=generator(4), dtype=torch.float64) - 0.5) * 12
    ft = slices_of(volume, poses) * ctf2d(ctf, box, pixel_size_A)
    return volume, poses, ctf, shifts, ft


def test_ctf_and_shifts_are_undone():
    """The particle sits at minus the shift; images carry the CTF."""
    volume, poses, ctf, shifts, ft = noisy_set()
    images = irfft2(shift2(ft, -shifts / 3.0, 32), 32)
    inside = sphere(32, 11, 2)
    truth = rfft3(volume)

    def agreement(**options):
        made = wiener.reconstruct(images.numpy(), poses, pixel_size_A=3.0, **options)
        return float(fsc(rfft3(made.volume.double() * inside), truth)[:13].min())

    assert agreement(shifts_A=shifts, ctf=ctf) > 0.98
    assert agreement(shifts_A=-shifts, ctf=ctf) < 0.7
    assert agreement(shifts_A=shifts) < 0.7


def test_premultiplied_images_give_the_same():
    _, poses, ctf, _, ft = noisy_set(count=300)
    once, twice = irfft2(ft, 32), irfft2(ft * ctf2d(ctf, 32, 3.0), 32)
    half, zero = random_halves(300, 0), torch.zeros(300, 2, dtype=torch.float64)
    plain = PosedParticles(InMemory(once), poses, zero, ctf, 3.0, half)
    multiplied = PosedParticles(InMemory(twice), poses, zero, ctf, 3.0, half, premultiplied=True)
    first, second = (wiener.reconstruct_particles(p, Reconstruction()) for p in (plain, multiplied))
    torch.testing.assert_close(first.volume, second.volume, atol=2e-3, rtol=0)


def test_beam_tilt_is_taken_off():
    _volume, poses, ctf, _, ft = noisy_set(count=600, pixel_size_A=1.0)
    groups = tuple(Optics(np.eye(2), tilt, (), 300.0, 2.7) for tilt in ((2.0, -3.0), (0.0, 0.0)))
    factor = groups[0].demodulation(32, 1.0).conj().to(ft.dtype)
    tilted = torch.cat([ft[:300] * factor, ft[300:]])
    half, zero = random_halves(600, 0), torch.zeros(600, 2, dtype=torch.float64)
    images, member = InMemory(irfft2(tilted, 32)), torch.arange(600) // 300
    known = PosedParticles(images, poses, zero, ctf, 1.0, half, optics=groups, member=member)
    without = PosedParticles(InMemory(irfft2(ft, 32)), poses, zero, ctf, 1.0, half)
    first, second = (wiener.reconstruct_particles(p, Reconstruction()) for p in (known, without))
    # Kept only up to the Nyquist lines, where a turned phase cannot be real.
    assert float(fsc(rfft3(first.volume.double()), rfft3(second.volume.double()))[:15].min()) > 0.999


def test_symmetry_multiplies_the_views():
    from vitreous.maths.symmetry import operators

    centres = operators("D2") @ torch.tensor([3.0, -5.0, 6.0], dtype=torch.float64)
    line = offsets(32)
    z, y, x = torch.meshgrid(line, line, line, indexing="ij")
    volume = sum(torch.exp(-((x - c[0]) ** 2 + (y - c[1]) ** 2 + (z - c[2]) ** 2) / 4) for c in centres)
    poses = random_rotations(60, generator(5))
    noise = torch.randn(60, 32, 32, generator=generator(6)) * 2
    images = irfft2(slices_of(volume, poses), 32) + noise
    plain = wiener.reconstruct(images.numpy(), poses, pixel_size_A=1.0)
    folded = wiener.reconstruct(images.numpy(), poses, pixel_size_A=1.0, settings=Reconstruction(symmetry="D2"))
    truth = rfft3(volume)
    better = fsc(rfft3(folded.volume.double()), truth)[2:7] - fsc(rfft3(plain.volume.double()), truth)[2:7]
    assert float(better.mean()) > 0.05
    inner = folded.volume[1:, 1:, 1:]  # about voxel N/2 the box without its first planes is even
    torch.testing.assert_close(inner, inner.flip((1, 2)), atol=1e-3 * float(inner.max()), rtol=0)
    torch.testing.assert_close(inner, inner.flip((0, 1)), atol=1e-3 * float(inner.max()), rtol=0)


def test_pure_noise_has_no_fsc():
    poses = random_rotations(400, generator(7))
    images = torch.randn(400, 32, 32, generator=generator(8))
    made = wiener.reconstruct(images.numpy(), poses, pixel_size_A=1.0)
    assert abs(float(made.fsc[3:].mean())) < 0.05
    assert made.resolution_A > 10


def test_batches_threads_and_order_change_nothing(monkeypatch):
    _volume, poses, ctf, shifts, ft = noisy_set(count=150)
    images = irfft2(ft, 32).numpy()
    half = random_halves(150, 1)
    first = wiener.reconstruct(images, poses, pixel_size_A=3.0, ctf=ctf, shifts_A=shifts, half=half)
    monkeypatch.setattr(wiener, "BATCH", 7)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    second = wiener.reconstruct(images, poses, pixel_size_A=3.0, ctf=ctf, shifts_A=shifts, half=half)
    torch.set_num_threads(before)
    torch.testing.assert_close(first.volume, second.volume, atol=1e-4 * float(first.volume.abs().max()), rtol=0)
    torch.testing.assert_close(first.fsc, second.fsc, atol=1e-4, rtol=0)


def test_the_limit_of_resolution_is_kept():
    _, poses, ctf, _, ft = noisy_set(count=100)
    made = wiener.reconstruct(
        irfft2(ft, 32).numpy(), poses, pixel_size_A=3.0, ctf=ctf, settings=Reconstruction(max_resolution_A=12.0)
    )
    assert not made.fsc[9:].any()
    shells = power(rfft3(made.half1.double()), ndim=3)
    assert float(shells[11:].max()) < 1e-2 * float(shells[2:8].mean())


class TestBadInput:
    poses = random_rotations(4, generator(9))

    def test_memory_is_planned(self):
        with pytest.raises(UserError, match=r"box of 32 .* GB"):
            wiener.reconstruct(np.zeros((4, 32, 32)), self.poses, pixel_size_A=1.0, context=Context(memory_GB=0.001))

    def test_an_empty_half(self):
        half = torch.ones(4, dtype=torch.int64)
        with pytest.raises(UserError, match="half set 2 is empty"):
            wiener.reconstruct(np.random.default_rng(5).random((4, 8, 8)), self.poses, pixel_size_A=1.0, half=half)

    def test_images_of_no_use_are_set_aside_and_told(self):
        images = np.random.default_rng(4).standard_normal((6, 8, 8)).astype(np.float32)
        poses, half = random_rotations(6, generator(9)), torch.tensor([1, 2, 1, 2, 1, 2])
        rest = [0, 1, 3, 4, 5]
        without = wiener.reconstruct(images[rest], poses[rest], pixel_size_A=1.0, half=half[rest])
        images[2, 1, 1] = np.nan
        images, poses = np.concatenate([images, np.full((1, 8, 8), 5.0, np.float32)]), torch.cat([poses, poses[:1]])
        half = torch.cat([half, half[:1]])
        notes = []
        made = wiener.reconstruct(images, poses, pixel_size_A=1.0, half=half, context=Context(on_note=notes.append))
        assert [note for note in notes if "aside" in note] == [
            "particle 3 is set aside: its image holds values that are not numbers",
            "particle 7 is set aside: its image is empty (all pixels are equal)",
        ]
        assert torch.allclose(made.volume, without.volume, atol=1e-6)

    def test_a_half_set_of_nothing_but_nan(self):
        images = np.full((4, 8, 8), np.nan, np.float32)
        with pytest.raises(UserError, match="not one of the 2 images of a half set can be used"):
            wiener.reconstruct(images, self.poses, pixel_size_A=1.0)

    def test_oblong_images(self):
        with pytest.raises(UserError, match="10 x 8"):
            wiener.reconstruct(np.zeros((4, 8, 10)), self.poses, pixel_size_A=1.0)

    def test_empty_images_alone_make_no_map(self):
        with pytest.raises(UserError, match="can be used: all are empty"):
            wiener.reconstruct(np.zeros((4, 8, 8)), self.poses, pixel_size_A=1.0)


def test_gridding_iterations_make_the_sampling_even():
    """After the iterations weight times compensation, blurred by the blob, is one."""
    weight = torch.rand(24, 24, 13, generator=generator(11), dtype=torch.float64) + 0.2
    even = compensation(weight, padding=2, r_max=5.0, iterations=20)
    blurred = torch.fft.irfftn((even * weight.float()).to(torch.complex64), s=[24] * 3, dim=VOLUME)
    radially(blurred, blob_window(24, 2))
    inside = radius3(24) <= 6
    error = (torch.fft.rfftn(blurred, dim=VOLUME).real[inside] - 1).abs().mean()
    assert float(error) < 0.05 < float((weight[inside] / weight.mean() - 1).abs().mean())
    assert not even[radius3(24) > 10].any()


@pytest.mark.parametrize("size", [6, 7])
def test_radial_tables_reach_every_voxel(size):
    table = torch.arange(3 * (size // 2) ** 2 + 1, dtype=torch.float64).sqrt()
    half = torch.ones(size, size, size // 2 + 1, dtype=torch.float64)
    radially(half, table)
    torch.testing.assert_close(half, radius3(size))
    whole = torch.ones(size, size, size, dtype=torch.float64)
    radially(whole, table)
    torch.testing.assert_close(torch.fft.fftshift(whole), distance3(size))


def test_the_blob_falls_smoothly_from_one():
    values = blob_transform(torch.linspace(0, 0.5, 200, dtype=torch.float64), 1.9)
    assert float(values[0]) == pytest.approx(1) and bool((values.diff() < 0).all()) and float(values[-1]) > 0
