"""Images of a specimen on the Ewald sphere, made from their two sidebands: the correction brings the specimen back, in scale."""

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.context import UserError
from vitreous.maths.ctf import CtfParams, phase_at, wavelength_A
from vitreous.maths.fourier import irfft2, rfft3
from vitreous.maths.grids import indices2
from vitreous.maths.rotations import random_rotations
from vitreous.maths.shells import fsc, power
from vitreous.methods.reconstruction.particles import PosedParticles, random_halves
from vitreous.methods.reconstruction.settings import Reconstruction
from vitreous.methods.reconstruction.wiener import reconstruct_particles

BOX, PIXEL_A, COUNT, KV = 64, 1.5, 500, 0.15  # a wavelength that bends the sphere by voxels in so small a box


def sheet(blobs, turn, kx, ky, height):
    """The specimen's transform at the points (kx, ky, height) of the turned frame."""
    seen = blobs.places @ turn.T
    at = np.stack([kx, ky, height], 1)
    fall = np.exp(-2 * (np.pi * blobs.widths / BOX) ** 2 * (at**2).sum(1)[:, None])
    values = np.exp(-2j * np.pi / BOX * (at @ seen.T)) * fall * blobs.heights * (np.sqrt(2 * np.pi) * blobs.widths) ** 3
    return values.sum(1)


@pytest.fixture(scope="module")
def curved(specimen):
    """The truth and particles whose images are i/2 (exp(-ix) V(-z) - exp(ix) V(z)) with the phase x of their CTF."""
    blobs = specimen(BOX, 5, reach=0.2)
    turns = random_rotations(COUNT, torch.Generator().manual_seed(2))
    ctf = CtfParams.of(np.linspace(30, 90, COUNT), voltage_kV=KV, cs_mm=0.0)
    kx, ky = (k.expand(BOX, BOX // 2 + 1).reshape(-1) for k in indices2(BOX))
    step = 1 / (BOX * PIXEL_A)
    phase = phase_at(ctf, kx * step, ky * step).numpy()
    height = 0.5 * float(wavelength_A(ctf.voltage_kV)[0]) * step * (kx**2 + ky**2).numpy()
    ft = np.empty((COUNT, len(kx)), complex)
    for n, turn in enumerate(turns.numpy()):
        near, far = (sheet(blobs, turn, kx.numpy(), ky.numpy(), sign * height) for sign in (1, -1))
        ft[n] = 0.5j * (np.exp(-1j * phase[n]) * far - np.exp(1j * phase[n]) * near)
    images = irfft2(torch.from_numpy(ft).view(COUNT, BOX, -1), BOX).float()
    zero = torch.zeros(COUNT, 2, dtype=torch.float64)
    particles = PosedParticles(InMemory(images), turns, zero, ctf, PIXEL_A, random_halves(COUNT, 0))
    return torch.from_numpy(blobs.volume()), particles


def judged(curved, **settings):
    """Least FSC with the truth and least and largest ratio of amplitudes, over the shells that hold signal."""
    truth, particles = curved
    volume = reconstruct_particles(particles, Reconstruction(wiener=False, **settings)).volume
    one, two = rfft3(truth.double()), rfft3(volume.double())
    shells = slice(5, 24)
    ratio = (power(two, ndim=3) / power(one, ndim=3)).sqrt()[shells]
    return float(fsc(one, two)[shells].min()), float(ratio.min()), float(ratio.max())


def test_the_specimen_comes_back_in_scale(curved):
    agreement, low, high = judged(curved, ewald=True, ewald_diameter_A=66.0)
    assert agreement > 0.97 and 0.9 < low < high < 1.1


def test_a_plane_or_the_other_hand_does_worse(curved):
    flat, other = judged(curved)[0], judged(curved, ewald=True, ewald_diameter_A=66.0, reverse_curvature=True)[0]
    assert flat < 0.8 and other < flat


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"ewald_diameter_A": -1.0}, "diameter"), ({"ewald_diameter_A": 66.0, "correct_ctf": False}, "wants the CTF")],
)
def test_what_it_cannot_do_without(curved, settings, sentence):
    with pytest.raises(UserError, match=sentence):
        reconstruct_particles(curved[1], Reconstruction(ewald=True, **settings))
