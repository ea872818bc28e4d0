"""A quick look at a table counts its rows without reading all of them."""

import pytest

from vitreous.files import glance

HEAD = "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n"


@pytest.mark.parametrize("rows", [0, 1, 99, 5000])
@pytest.mark.parametrize("tail", ["", "\n", "\n\n \n", "\n   "])
def test_rows_are_counted_beyond_the_head(tmp_path, rows, tail):
    path = tmp_path / "picks.star"
    path.write_text(HEAD + "\n".join(f"{row}.5 {row}.25" for row in range(rows)) + tail)
    file, found = glance.head(path, head_bytes=200)
    assert found == rows
    assert len(file.blocks[0]) <= rows
    assert glance.table(path, "").rows == rows
