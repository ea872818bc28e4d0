"""Maps for the viewer: what the server gives is what the file holds, axis by axis and in Å; it is coarse or exact as asked."""

import json
import struct

import mrcfile
import numpy as np
import pytest

API = "/api/p/demo/volume"


@pytest.fixture
def blob(project):
    """A map that is like itself in no axis: 20 x 16 x 12 voxels along x, y, z of 1.5 Å, a bright voxel at (13, 5, 7)."""
    values = np.random.default_rng(1).normal(0, 0.01, (12, 16, 20)).astype(np.float32)
    values[7, 5, 13] = 1.0
    with mrcfile.new(project / "blob.mrc") as file:
        file.set_data(values)
        file.voxel_size = 1.5
        file.set_volume()
        file.header.origin = (10.0, 20.0, 30.0)
    return values


def plane(answer):
    columns, rows, k, _, low, high = struct.unpack("<4i2f", answer.content[:24])
    values = np.frombuffer(answer.content[32:], "<u2").reshape(rows, columns)
    return low + values.astype(float) * (high - low) / 65535, k


def test_info_says_what_the_file_says(client, blob):
    info = client.get(f"{API}/info", params={"path": "blob.mrc"}).json()
    assert (info["shape"], info["voxel_A"], info["origin_A"]) == ([20, 16, 12], 1.5, [10.0, 20.0, 30.0])
    assert info["max"] == 1.0
    assert info["mean"] == pytest.approx(float(blob.mean(dtype=np.float64)), rel=1e-4)
    assert info["sd"] == pytest.approx(float(blob.std(dtype=np.float64)), rel=1e-4)
    assert sum(info["histogram"]) == blob.size


@pytest.mark.parametrize(("axis", "k", "cut"), [("z", 7, np.s_[7]), ("y", 5, np.s_[:, 5]), ("x", 13, np.s_[:, :, 13])])
def test_a_slice_is_the_plane_of_the_array(client, blob, axis, k, cut):
    got, said = plane(client.get(f"{API}/slice", params={"path": "blob.mrc", "axis": axis, "k": k}))
    assert said == k
    np.testing.assert_allclose(got, blob[cut], atol=(blob.max() - blob.min()) / 60000)


def test_a_plane_that_is_not_there_is_a_sentence(client, blob):
    answer = client.get(f"{API}/slice", params={"path": "blob.mrc", "axis": "z", "k": 12})
    assert answer.status_code == 422
    assert "planes 0 to 11 along z" in answer.json()["sentence"]


def test_a_projection_is_the_sum(client, blob):
    got, _ = plane(client.get(f"{API}/projection", params={"path": "blob.mrc", "axis": "y"}))
    np.testing.assert_allclose(got, blob.sum(axis=1), atol=1e-4)


def test_full_level_has_every_voxel_in_file_order(client, blob):
    answer = client.get(f"{API}/level", params={"path": "blob.mrc", "edge": "full"})
    x, y, z, factor, low, high = struct.unpack("<4i2f", answer.content[:24])
    assert (x, y, z, factor) == (20, 16, 12, 1)
    got = np.frombuffer(answer.content[32:], np.uint8).reshape(z, y, x)
    np.testing.assert_allclose(low + got * (high - low) / 255, np.clip(blob, low, high), atol=(high - low) / 500)
    assert np.unravel_index(got.argmax(), got.shape) == (7, 5, 13)


def test_a_coarse_level_holds_means_of_cubes_also_where_the_edge_does_not_divide(client, project):
    from vitreous.files import mrc

    values = np.random.default_rng(0).normal(size=(130, 130, 130)).astype(np.float32)
    mrc.write_volume(project / "large.mrc", values, pixel_size_A=1.0)
    answer = client.get(f"{API}/level", params={"path": "large.mrc", "edge": "64"})
    x, y, z, factor, low, high = struct.unpack("<4i2f", answer.content[:24])
    assert (x, y, z, factor) == (44, 44, 44, 3)
    got = low + np.frombuffer(answer.content[32:], np.uint8).reshape(z, y, x) * (high - low) / 255
    assert got[2, 3, 4] == pytest.approx(values[6:9, 9:12, 12:15].mean(), abs=(high - low) / 255)
    assert got[43, 0, 1] == pytest.approx(values[129:, 0:3, 3:6].mean(), abs=(high - low) / 255)


def test_axes_of_a_permuted_file_come_in_order(client, project, blob):
    with mrcfile.open(project / "blob.mrc", mode="r+") as file:
        file.header.mapc, file.header.mapr, file.header.maps = 3, 1, 2  # columns run along z, rows along x, sections along y
    info = client.get(f"{API}/info", params={"path": "blob.mrc"}).json()
    assert info["shape"] == [16, 12, 20]
    got, _ = plane(client.get(f"{API}/slice", params={"path": "blob.mrc", "axis": "z", "k": 13}))
    assert np.unravel_index(got.argmax(), got.shape) == (7, 5)


def test_pictures_with_the_tag_are_kept_and_a_changed_file_has_another(client, project, blob):
    tag = client.get(f"{API}/info", params={"path": "blob.mrc"}).json()["tag"]
    asked = {"path": "blob.mrc", "edge": "64", "tag": tag}
    assert "immutable" in client.get(f"{API}/level", params=asked).headers["Cache-Control"]
    with mrcfile.open(project / "blob.mrc", mode="r+") as file:
        file.data[0, 0, 0] = 5
    assert client.get(f"{API}/info", params={"path": "blob.mrc"}).json()["tag"] != tag
    assert client.get(f"{API}/level", params=asked).headers["Cache-Control"] == "no-cache"


def test_raw_is_the_file(client, project, blob):
    assert client.get(f"{API}/raw", params={"path": "blob.mrc"}).content == (project / "blob.mrc").read_bytes()


def test_centre_goes_to_the_density_and_says_when_there_is_none(client, project):
    z, y, x = np.mgrid[:40, :40, :40]
    values = np.exp(-((x - 24.0) ** 2 + (y - 11.5) ** 2 + (z - 17.0) ** 2) / 8).astype(np.float32)
    from vitreous.files import mrc

    mrc.write_volume(project / "ball.mrc", values, pixel_size_A=2.0)
    asked = {"path": "ball.mrc", "at_A": [44.0, 26.0, 30.0], "radius_A": 10.0, "level": 0.1}
    got = client.get(f"{API}/centre", params=asked).json()
    assert got["found"]
    assert [got["x_A"], got["y_A"], got["z_A"]] == pytest.approx([48.0, 23.0, 34.0], abs=0.1)
    nothing = client.get(f"{API}/centre", params={**asked, "at_A": [4.0, 70.0, 70.0], "radius_A": 4.0}).json()
    assert nothing == {"found": False, "x_A": 4.0, "y_A": 70.0, "z_A": 70.0}


def test_the_demo_map_knows_its_symmetry_its_mass_and_its_neighbours(client):
    info = client.get(f"{API}/info", params={"path": "PostProcess/job011/postprocess.mrc"}).json()
    assert (info["symmetry"], info["mass_kDa"], info["mass_from"]) == ("D2", 320.0, "MaskCreate/job010")
    rows = client.get(f"{API}/list", params={"near": "PostProcess/job011/postprocess.mrc"}).json()
    assert rows[0]["job"] == "PostProcess/job011"
    assert {"MaskCreate/job010/mask.mrc", "Refine3D/job009/run_half1_class001_unfil.mrc"} <= {row["path"] for row in rows}


def test_a_mask_is_previewed_as_the_shapes_say(client, blob):
    shapes = {"shapes": [{"shape": "sphere", "x_A": 15, "y_A": 12, "z_A": 9, "radius_A": 6}], "extend_px": 0, "edge_px": 0}
    answer = client.get(f"{API}/mask", params={"path": "blob.mrc", "shapes": json.dumps(shapes)})
    x, y, z, factor = struct.unpack("<4i", answer.content[:16])
    assert (x, y, z, factor) == (10, 8, 6, 2)
    got = np.frombuffer(answer.content[32:], np.uint8).reshape(z, y, x)
    at = [(2 * np.arange(n) + 0.5) * 1.5 for n in (z, y, x)]
    away = np.sqrt((at[0][:, None, None] - 9) ** 2 + (at[1][:, None] - 12) ** 2 + (at[2] - 15) ** 2)
    np.testing.assert_array_equal(got == 255, away <= 6)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ("[", "not JSON"),
        ("{}", "shapes"),
        ('{"shapes":[{"shape":"sphere","x_A":1,"y_A":1,"z_A":1,"radius_A":-1}]}', "radius_A"),
        ('{"shapes":[{"shape":"sphere","how":"minus","x_A":1,"y_A":1,"z_A":1,"radius_A":9}]}', "add nothing"),
    ],
)
def test_shapes_that_say_no_mask_are_refused_in_words(client, blob, shapes, said):
    answer = client.get(f"{API}/mask", params={"path": "blob.mrc", "shapes": shapes})
    assert answer.status_code == 422
    assert said in answer.json()["sentence"]


def test_a_file_that_is_no_map_is_a_sentence(client, project):
    (project / "text.mrc").write_text("no map")
    answer = client.get(f"{API}/info", params={"path": "text.mrc"})
    assert (answer.status_code, "too short" in answer.json()["sentence"]) == (422, True)
    values = np.full((4, 4, 4), np.nan, np.float32)
    with mrcfile.new(project / "nan.mrc") as file, pytest.warns(RuntimeWarning):
        file.set_data(values)
    assert "no numbers" in client.get(f"{API}/info", params={"path": "nan.mrc"}).json()["sentence"]


def test_outside_the_project_is_refused(client):
    assert client.get(f"{API}/info", params={"path": "../../etc/passwd"}).status_code in (404, 422)


PDB = """\
ATOM      1  N   ALA A   1      11.104  22.134  33.000  1.00  0.00           N
ATOM      2  CA  ALA A   1      12.000  22.000  33.000  1.00  0.00           C
ATOM      3  CA  ALA A   2      15.000  23.000  34.000  1.00  0.00           C
ATOM      4  CA  ALA A   3      18.000  24.000  35.000  1.00  0.00           C
ATOM      5  CA  ALA A   9      48.000  24.000  35.000  1.00  0.00           C
ATOM      6  CA  ALA A  10      51.000  24.000  35.000  1.00  0.00           C
TER
HETATM    7  O   HOH A 101       1.000   1.000   1.000  1.00  0.00           O
END
"""


def test_a_model_lies_in_the_frame_of_the_map(client, project, blob):
    (project / "model.pdb").write_text(PDB)
    got = client.get("/api/p/demo/model3d", params={"path": "model.pdb", "map": "blob.mrc", "atoms": True}).json()
    assert [trace["numbers"] for trace in got["traces"]] == [[1, 2, 3], [9, 10]]
    assert got["traces"][0]["places_A"][:3] == [2.0, 2.0, 3.0]
    assert got["atoms"] == 6
    assert got["elements"][:2] == ["N", "C"]
    assert client.get("/api/p/demo/models3d").json() == [{"path": "model.pdb", "bytes": len(PDB)}]


def test_a_file_without_atoms_is_a_sentence(client, project):
    (project / "empty.pdb").write_text("REMARK nothing\n")
    answer = client.get("/api/p/demo/model3d", params={"path": "empty.pdb"})
    assert (answer.status_code, answer.json()["sentence"]) == (422, "empty.pdb holds no atoms")


def test_a_low_passed_level_has_nothing_finer(client, project):
    from vitreous.files import mrc

    x = np.arange(48)
    coarse, fine = np.cos(2 * np.pi * x / 24), np.cos(2 * np.pi * x / 4)
    values = np.broadcast_to(coarse + fine, (48, 48, 48)).astype(np.float32)
    mrc.write_volume(project / "waves.mrc", values, pixel_size_A=1.5)
    answer = client.get(f"{API}/level", params={"path": "waves.mrc", "edge": "full", "low_pass_A": 15})
    low, high = struct.unpack("<2f", answer.content[16:24])
    got = low + np.frombuffer(answer.content[32:], np.uint8).reshape(48, 48, 48) * (high - low) / 255
    np.testing.assert_allclose(got, np.broadcast_to(coarse, got.shape), atol=(high - low) / 200)


def test_a_large_map_is_worked_out_once_and_anew_when_it_changes(client, project, blob, monkeypatch):
    from vitreous.web import volume_store
    from vitreous.web.views import volume as views

    monkeypatch.setattr(volume_store, "WORTH_BYTES", 0)
    read = []
    monkeypatch.setattr(views, "volume", lambda where, real=views.volume: read.append(where) or real(where))
    first = client.get(f"{API}/info", params={"path": "blob.mrc"}).json()
    levels = [client.get(f"{API}/level", params={"path": "blob.mrc", "edge": "64"}).content for _ in range(2)]
    assert (client.get(f"{API}/info", params={"path": "blob.mrc"}).json(), levels[0]) == (first, levels[1])
    assert len(read) == 2
    with mrcfile.open(project / "blob.mrc", mode="r+") as file:
        file.data[0, 0, 0] = 7
    assert client.get(f"{API}/info", params={"path": "blob.mrc"}).json()["max"] == 7


@pytest.mark.parametrize("page", ["volume/info", "volume/level", "volume/raw", "model3d"])
@pytest.mark.parametrize("path", ["PostProcess", ".", "PostProcess/job011/postprocess.star", "nowhere.mrc", "a\0b", ""])
def test_what_is_no_map_is_told_and_breaks_nothing(client, page, path):
    answer = client.get(f"/api/p/demo/{page}", params={"path": path})
    assert answer.status_code in (404, 422)
    assert answer.json()["sentence"]


def test_a_list_is_given_near_a_folder_too(client):
    for near in ("", ".", "PostProcess", "MaskCreate/job010/mask.mrc"):
        assert client.get(f"{API}/list", params={"near": near}).status_code == 200
