"""Projections against truths: where a point lands, the central slice, the scale; and against RELION's projector."""

import subprocess
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from vitreous.context import Context
from vitreous.simulation.atoms import Atoms
from vitreous.simulation.orientations import euler_matrix, random_angles
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.projector import Projector
from vitreous.simulation.protein import make_protein
from vitreous.simulation.scattering import VOLT_A2, atom_curve
from vitreous.simulation.settings import Microscope, ParticleSettings, Specimen


def one_atom(place: tuple[float, float, float], bfactor_A2: float = 120.0) -> Atoms:
    return Atoms(np.array([place]), np.array(["C"]), np.array([bfactor_A2]), np.ones(1))


def centroid(image: np.ndarray, pixel_size_A: float) -> np.ndarray:
    box = image.shape[-1]
    bright = np.where(image > 0.2 * image.max(), image, 0)
    at = [(bright.sum(axis=1 - axis) * (np.arange(box) - box // 2)).sum() / bright.sum() for axis in (1, 0)]
    return np.array(at) * pixel_size_A


@pytest.mark.parametrize("box", [64, 65, 48])
@pytest.mark.parametrize("seed", range(4))
def test_an_atom_lands_at_its_place(box: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    place, shift = rng.uniform(-20, 20, 3), rng.uniform(-6, 6, 2)
    matrix = euler_matrix(*random_angles(1, rng)[0])
    image = Projector(one_atom(tuple(place)), box=box, pixel_size_A=1.5).image(matrix, (shift[0], shift[1]))
    assert np.allclose(centroid(image, 1.5), (matrix @ place)[:2] + shift, atol=0.15)


def test_euler_matrix_as_written_out() -> None:
    a, b, g = np.deg2rad([33.0, 71.0, -128.0])
    expected = [
        [np.cos(g) * np.cos(b) * np.cos(a) - np.sin(g) * np.sin(a), np.cos(g) * np.cos(b) * np.sin(a) + np.sin(g) * np.cos(a)],
        [-np.sin(g) * np.cos(b) * np.cos(a) - np.cos(g) * np.sin(a), -np.sin(g) * np.cos(b) * np.sin(a) + np.cos(g) * np.cos(a)],
    ]
    matrix = euler_matrix(33.0, 71.0, -128.0)
    assert np.allclose(matrix[:2, :2], expected)
    assert np.allclose(matrix[2], [np.sin(b) * np.cos(a), np.sin(b) * np.sin(a), np.cos(b)])


@pytest.mark.parametrize("box", [48, 49])
def test_the_transform_is_the_sum_over_atoms(box: int) -> None:
    """Against the definition, summed atom by atom in double precision."""
    rng = np.random.default_rng(box)
    atoms = Atoms(rng.uniform(-25, 25, (40, 3)), rng.choice(["C", "N", "O", "S"], 40), rng.uniform(10, 90, 40), np.ones(40))
    matrix = euler_matrix(20, 50, 80)
    got = Projector(atoms, box=box, pixel_size_A=1.6).transform(matrix)
    kx, ky = np.fft.rfftfreq(box, 1.6)[None], np.fft.fftfreq(box, 1.6)[:, None]
    places = atoms.positions_A @ matrix[:2].T
    expected = np.zeros(got.shape, complex)
    for place, element, bfactor in zip(places, atoms.elements, atoms.bfactors_A2):
        curve = atom_curve(str(element), float(round(bfactor)), np.hypot(kx, ky), bare=True)
        expected += curve * np.exp(-2j * np.pi * (kx * place[0] + ky * place[1])) / 1.6**3
    assert np.abs(got - expected).max() < 5e-4 * np.abs(expected).max()


def test_the_map_projects_to_the_projection() -> None:
    atoms = make_protein(symmetry="C2", mass_kDa=40, seed=3, bfactor_A2=40)
    projector = Projector(atoms, box=64, pixel_size_A=2.0)
    volume = projector.volume()
    assert np.allclose(volume.sum(axis=0), projector.image(np.eye(3)), atol=1e-3 * volume.sum(axis=0).max())
    along_x = projector.image(euler_matrix(0, 90, 0))  # x of the image is -z, y is y: seen along +x
    assert np.allclose(along_x, np.roll(volume.sum(axis=2)[::-1].T, 1, axis=1), atol=2e-3 * along_x.max())


def test_a_protein_is_denser_than_ice_by_what_is_known() -> None:
    """Mean contrast 2.5 to 4.5 V in the middle (protein 7 to 8 V, ice 4.5 V in the independent-atom model)."""
    atoms = make_protein(symmetry="C1", mass_kDa=18, seed=2, bfactor_A2=40)  # one domain
    total = Projector(atoms, box=64, pixel_size_A=2.0).volume().sum() * 8.0
    volume_A3 = 1.21 * 1000 * sum({"C": 12.0, "N": 14.0, "O": 16.0, "S": 32.0}[e] for e in atoms.elements) / 1000 * 1.07
    assert 2.5 < total / volume_A3 < 4.5
    assert np.isclose(VOLT_A2, 47.878, atol=0.01)


@pytest.mark.relion
@pytest.mark.slow
@pytest.mark.parametrize("with_ctf", [True, False])
def test_relion_projects_the_same(relion: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_ctf: bool) -> None:
    monkeypatch.chdir(tmp_path)
    settings = ParticleSettings(
        count=24,
        box=96,
        snr=0.0,
        apply_ctf=with_ctf,
        shift_A=8.0,
        specimen=Specimen(symmetry="C1", mass_kDa=90, seed=7),
        microscope=Microscope(astigmatism_A=1500.0),
    )
    simulate_particles(settings, Path("sim"), Context(seed=11))
    command = [f"{relion}/relion_project", "--i", "sim/true_map.mrc", "--ang", "sim/particles_truth.star", "--o", "theirs"]
    subprocess.run([*command, *(["--ctf"] if with_ctf else [])], check=True, capture_output=True)
    ours, theirs = mrcfile.read("sim/particles.mrcs"), mrcfile.read("theirs.mrcs")
    inside = np.hypot(np.fft.rfftfreq(96)[None], np.fft.fftfreq(96)[:, None]) < 0.49  # RELION leaves out the corners
    for one, two in zip(ours, theirs):
        a, b = (np.fft.irfft2(np.fft.rfft2(image) * inside).ravel() for image in (one, two))
        assert np.corrcoef(a, b)[0, 1] > 0.999
        assert np.isclose(np.polyfit(b, a, 1)[0], 1, atol=0.01)
