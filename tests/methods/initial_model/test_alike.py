import numpy as np
import pytest
import torch

from vitreous.maths import rotations
from vitreous.methods.initial_model import alike


@pytest.mark.parametrize("hand", [False, True])
def test_a_turned_moved_and_mirrored_map_is_brought_back(specimen, hand):
    blobs = specimen(36, 71, count=25)
    turn = rotations.random_rotations(1, torch.Generator().manual_seed(5)).numpy()[0]
    there = type(blobs)(36, blobs.places @ turn.T + np.array([1.3, -2.4, 0.6]), blobs.widths, blobs.heights).volume()
    found = alike.compared(alike.mirrored(there) if hand else there, blobs.volume(), shells=8)
    assert found.agreement > 0.97
    assert found.mirrored is hand
    assert found.curve[1:8].min() > 0.95


def test_other_folds_do_not_agree(specimen):
    one, two = (specimen(36, seed, count=25).volume() for seed in (72, 73))
    assert alike.compared(one, two, shells=8).agreement < alike.SAME_FOLD - 0.1
