import numpy as np
import pytest
import torch

from vitreous.maths import rotations
from vitreous.methods.initial_model import axes


@pytest.mark.parametrize("group", ["C3", "D2", "O"])
def test_axes_of_a_turned_map_are_found(specimen, group):
    box = 32
    count = {"C3": 15, "D2": 24, "O": 96}[group]
    standard = specimen(box, 41, group=group, count=count)
    turn = rotations.random_rotations(1, torch.Generator().manual_seed(2)).numpy()[0]
    oblique = type(standard)(box, standard.places @ turn.T, standard.widths, standard.heights).volume()
    found, agreement = axes.find(oblique, group=group, shells=8)
    assert agreement > 0.95
    assert axes.agreement(oblique, np.eye(3)[None], group=group, shells=8)[0] < agreement - 0.02
    made = axes.turned(oblique, found, group=group)
    assert axes.agreement(made, np.eye(3)[None], group=group, shells=8)[0] > 0.98
    assert np.sqrt((made**2).mean()) > 0.85 * np.sqrt((oblique**2).mean())


def test_a_map_without_the_symmetry_does_not_agree(specimen):
    volume = specimen(32, 42, count=12).volume()
    assert axes.find(volume, group="D2", shells=8)[1] < 0.8


def test_a_turn_goes_the_way_it_says(specimen):
    blobs = specimen(32, 43, count=8)
    turn = rotations.from_euler(20.0, 50.0, -70.0).numpy()
    active = type(blobs)(32, blobs.places @ turn.T, blobs.widths, blobs.heights).volume()
    assert np.corrcoef(axes.turned(blobs.volume(), turn, group="C1").ravel(), active.ravel())[0, 1] > 0.99


def test_the_centre_of_mass_comes_to_the_centre(specimen):
    volume = np.roll(specimen(32, 44, count=10, reach=0.15).volume(), (3, -2, 4), (0, 1, 2))
    middle, move = axes.centred(volume)
    _, rest = axes.centred(middle)
    assert np.abs(rest).max() <= 1
    assert np.abs(move).max() >= 2
