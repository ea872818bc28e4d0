import numpy as np

from vitreous.files import lookup, star
from vitreous.tables.table import Table


def test_a_row_by_its_name_and_again_when_the_file_is_made_anew(tmp_path):
    path = tmp_path / "table.star"
    assert lookup.row_of(path, "coordinate_files", "micrograph", "a.mrc") == {}
    for files in (["1.star", "2.star"], ["1.star", "other.star"]):
        columns = {"micrograph": np.array(["a.mrc", "b.mrc"], object), "coordinates_file": np.array(files, object)}
        star.write_table(path, Table(columns, "coordinate_files"))
        assert lookup.row_of(path, "coordinate_files", "micrograph", "b.mrc")["coordinates_file"] == files[1]
    assert lookup.row_of(path, "coordinate_files", "micrograph", "c.mrc") == {}
    assert lookup.row_of(path, "coordinate_files", "psi_deg", "1") == {}
