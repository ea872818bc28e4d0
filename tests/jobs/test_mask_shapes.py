"""Masks said as shapes: they enclose what their words mean, and the same answer makes the same mask."""

import hashlib
import json

import numpy as np
import pytest
from scipy import ndimage

from vitreous.context import UserError
from vitreous.files import mrc
from vitreous.files.mask_shapes import inside, parse_shapes, read_shapes
from vitreous.jobs.mask_create import MaskCreate
from vitreous.methods.reconstruction.settings import MaskCreation
from vitreous.run.asking import question_of
from vitreous.run.runner import run

BOX, VOXEL_A = 32, 2.5
SPHERE = {"shape": "sphere", "x_A": 40.0, "y_A": 30.0, "z_A": 50.0, "radius_A": 15.0}
ANSWER = {
    "kind": "mask",
    "shapes": [
        {"shape": "threshold", "level": 0.5, "largest": True},
        SPHERE,
        {
            "shape": "box",
            "how": "minus",
            "x_A": 40.0,
            "y_A": 30.0,
            "z_A": 50.0,
            "width_x_A": 10.0,
            "width_y_A": 15.0,
            "width_z_A": 5.0,
        },
    ],
    "extend_px": 2.0,
    "edge_px": 4.0,
}


@pytest.fixture
def volume(tmp_path, monkeypatch):
    """A map with a large and a small lump above 0.5."""
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(2).uniform(0, 0.4, (BOX, BOX, BOX)).astype(np.float32)
    values[4:12, 6:10, 20:28] = 1.0
    values[28, 28, 28] = 1.0
    mrc.write_volume("map.mrc", values, pixel_size_A=VOXEL_A)
    return values


def by_definition(values):
    """The core, voxel by voxel in the order of the words."""
    core = np.zeros(values.shape, bool)
    core[4:12, 6:10, 20:28] = True
    for z, y, x in np.ndindex(values.shape):
        away = np.array([x * VOXEL_A - 40, y * VOXEL_A - 30, z * VOXEL_A - 50])
        if np.linalg.norm(away) <= 15:
            core[z, y, x] = True
        if (np.abs(away) <= [5, 7.5, 2.5]).all():
            core[z, y, x] = False
    return core


def test_shapes_enclose_what_their_words_say(volume):
    def region(one):
        labels, _ = ndimage.label(volume >= one.level)
        return labels == 1

    got = inside(parse_shapes(ANSWER, "the shapes"), volume.shape, voxel_A=VOXEL_A, region=region)
    np.testing.assert_array_equal(got, by_definition(volume))


def test_the_job_makes_the_mask_of_an_answer_with_its_own_soft_edge(volume, tmp_path):
    (tmp_path / "answer.json").write_text(json.dumps(ANSWER))
    run(MaskCreate(map="map.mrc", answer="answer.json"), tmp_path / "MaskCreate" / "job001")
    mask, voxel_A = mrc.read_volume("MaskCreate/job001/mask.mrc")
    distance = ndimage.distance_transform_edt(~by_definition(volume))
    expected = 0.5 + 0.5 * np.cos(np.pi * np.clip((distance - 2) / 4, 0, 1))
    assert voxel_A == VOXEL_A
    np.testing.assert_allclose(mask, expected, atol=1e-6)


def test_the_same_answer_makes_the_same_file_and_the_job_has_the_edge_where_the_answer_is_silent(volume, tmp_path):
    quiet = {"kind": "mask", "shapes": [SPHERE]}
    (tmp_path / "answer.json").write_text(json.dumps(quiet))
    digests = []
    for n, edge_px in enumerate((6.0, 6.0, 0.0)):
        folder = tmp_path / "MaskCreate" / f"job00{n + 1}"
        run(MaskCreate(map="map.mrc", answer="answer.json", creation=MaskCreation(extend_px=0, edge_px=edge_px)), folder)
        digests.append(hashlib.sha256((folder / "mask.mrc").read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]
    mask, _ = mrc.read_volume("MaskCreate/job003/mask.mrc")
    assert set(np.unique(mask)) == {0.0, 1.0}
    assert mask.sum() * VOXEL_A**3 == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.05)


def test_a_wish_to_be_asked_is_a_question_until_there_is_an_answer():
    assert question_of(MaskCreate(map="map.mrc")) == ""
    assert question_of(MaskCreate(map="map.mrc", ask=True)) == "mask"
    assert question_of(MaskCreate(map="map.mrc", ask=True, answer="answer.json")) == ""


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ([], "add nothing"),
        ([{**SPHERE, "how": "minus"}], "add nothing"),
        ([{**SPHERE, "radius_A": 0}], "radius_A"),
        ([{**SPHERE, "colour": "red"}], "colour"),
        ([{"shape": "cone"}], "cone"),
    ],
)
def test_answers_that_are_no_masks_are_refused_in_words(tmp_path, shapes, said):
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"shapes": shapes}))
    with pytest.raises(UserError, match=said):
        read_shapes(path)


def test_an_answer_that_is_not_there_and_shapes_beside_the_map_are_told(volume, tmp_path):
    with pytest.raises(UserError, match="no answer"):
        read_shapes("nowhere.json")
    (tmp_path / "away.json").write_text(json.dumps({"shapes": [{**SPHERE, "x_A": -500.0}]}))
    with pytest.raises(UserError, match="enclose no voxel"):
        run(MaskCreate(map="map.mrc", answer="away.json"), tmp_path / "MaskCreate" / "job001")
