"""Particle stacks: noise, signal, tables, continuing, half sets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context
from vitreous.files import mrc, star
from vitreous.files.stacks import ImageStacks
from vitreous.simulation.orientations import euler_matrix, random_angles
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen

SMALL = ParticleSettings(
    count=120, box=48, pixel_size_A=3.0, snr=0.2, specimen=Specimen(symmetry="C2", mass_kDa=50), per_micrograph=40
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stack") / "sim"
    simulate_particles(SMALL, folder, Context(seed=5))
    return folder


def test_noise_and_signal_are_as_asked(made: Path) -> None:
    """The corners hold noise of variance 1; signal is found by comparison with the same stack without noise."""
    table = star.read_table(made / "particles_truth.star", "particles")
    images = ImageStacks(table["image"]).read(np.arange(120))
    corners = np.concatenate([images[:, :6, :6].ravel(), images[:, -6:, -6:].ravel()])
    assert np.isclose(corners.std(), 1, atol=0.05)
    assert abs(corners.mean()) < 0.08
    simulate_particles(replace(SMALL, snr=0.0), made / "clean", Context(seed=5))
    clean = mrc.read_stack(made / "clean" / "particles.mrcs")[0]
    volume, pixel = mrc.read_volume(made / "true_map.mrc")
    bare = mrc.read_volume(made / "clean" / "true_map.mrc")[0]
    scale = np.polyfit(bare.ravel(), volume.ravel(), 1)[0]  # the true map carries the scale of the images
    assert np.isclose(pixel, 3.0)
    assert np.isclose((scale * clean).var(axis=(1, 2)).mean(), 0.2, rtol=0.15)
    assert np.isclose((images - scale * clean).var(), 1, rtol=0.02)


def test_tables(made: Path) -> None:
    truth = star.read_table(made / "particles_truth.star", "particles")
    start = star.read_table(made / "particles.star", "particles")
    assert len(truth) == len(start) == 120
    assert "rot_deg" not in start and "ctf_bfactor_A2" not in start
    assert np.array_equal(truth["defocus_u_A"], start["defocus_u_A"])
    assert truth.optics is not None
    assert (truth.optics["pixel_size_A"][0], truth.optics["box"][0]) == (3.0, 48)
    assert 40 < (truth["half"] == 1).sum() < 80
    assert len(truth.split_by("micrograph")) == 3


def test_the_same_again_and_not_made_twice(made: Path, tmp_path: Path) -> None:
    stamp = (made / "particles.mrcs").stat().st_mtime_ns
    simulate_particles(SMALL, made, Context(seed=5))
    assert (made / "particles.mrcs").stat().st_mtime_ns == stamp
    simulate_particles(SMALL, tmp_path / "again", Context(seed=5))
    assert (tmp_path / "again" / "particles.mrcs").read_bytes()[1024:] == (made / "particles.mrcs").read_bytes()[1024:]
    simulate_particles(SMALL, tmp_path / "other", Context(seed=6))
    assert not np.allclose(*(mrc.read_stack(f / "particles.mrcs", [0])[0] for f in (made, tmp_path / "other")))


def test_coloured_noise_falls_with_frequency(tmp_path: Path) -> None:
    settings = replace(SMALL, snr=1e-6, noise_falloff=0.8)
    simulate_particles(settings, tmp_path, Context(seed=1))
    images = mrc.read_stack(tmp_path / "particles.mrcs")[0]
    power = (np.abs(np.fft.rfft2(images)) ** 2).mean(axis=0) / 48**2
    k = np.hypot(np.fft.rfftfreq(48)[None], np.fft.fftfreq(48)[:, None])
    low, high = power[(k > 0.02) & (k < 0.08)].mean(), power[(k > 0.46) & (k < 0.5)].mean()
    assert np.isclose(np.sqrt(high / low), (1 - 0.8 * 0.96) / (1 - 0.8 * 0.11), rtol=0.1)
    assert np.isclose(images.var(), 1, rtol=0.03)


def test_views_are_uniform_unless_told_otherwise() -> None:
    """Second moments of the view direction are those of a sphere; preferred views lie near the z axis."""
    rng = np.random.default_rng(1)
    views = np.array([euler_matrix(*angles)[2] for angles in random_angles(4000, rng)])
    assert np.allclose(views.T @ views / 4000, np.eye(3) / 3, atol=0.02)
    assert np.allclose(views.mean(axis=0), 0, atol=0.04)
    preferred = np.array([euler_matrix(*angles)[2] for angles in random_angles(2000, rng, preferred=1.0)])
    assert np.quantile(np.abs(preferred[:, 2]), 0.05) > np.cos(np.deg2rad(18))
    assert abs(preferred[:, 2].mean()) < 0.1
