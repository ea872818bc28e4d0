from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import star, star_loops, star_write
from vitreous.files.star import Block, StarFile, list_block, loop_block

AWKWARD = """# made by hand
# second comment

data_general

_rlnFinalResolution   16.36
_rlnMaskName   'my mask.mrc'
_rlnComment ""
_note
;several
  lines # not a comment
;
_other "it's # here"

# version 30001

data_optics

loop_
_rlnOpticsGroup #1
_rlnOpticsGroupName #2
1 "group one"
2 'two'

data_empty

data_

loop_
_rlnMicrographName
_rlnVoltage   # a remark
_mineOwn #3
a#b.mrc  300   007

'with blank.mrc' 2e2  0.10
loop_
_x
1
# the end
"""


def awkward(tmp_path: Path, text: str = AWKWARD) -> Path:
    path = tmp_path / "awkward.star"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_awkward_syntax_is_read(tmp_path: Path, ending: str) -> None:
    file = star.read(awkward(tmp_path, AWKWARD.replace("\n", ending)))
    assert file.names() == ["general", "optics", "empty", "", ""]
    general = file["general"]
    assert general.comments[:2] == ("# made by hand", "# second comment")
    assert general.values["rlnMaskName"] == "my mask.mrc"
    assert general.values["rlnComment"] == ""
    assert general.values["note"].replace("\r", "") == "several\n  lines # not a comment"
    assert general.values["other"] == "it's # here"
    assert file["optics"].columns["rlnOpticsGroupName"].tolist() == ["group one", "two"]
    main = file.blocks[3]
    assert main.columns["rlnMicrographName"].tolist() == ["a#b.mrc", "with blank.mrc"]
    assert main.columns["rlnVoltage"].tolist() == [300.0, 200.0]
    assert main.columns["mineOwn"].tolist() == ["007", "0.10"]  # not in the dictionary, so as it stands
    assert file.blocks[4].continued
    assert file.tail == ("# the end",)
    assert file.skipped == []


def same(a: StarFile, b: StarFile) -> None:
    assert a.names() == b.names()
    assert a.tail == b.tail
    for one, other in zip(a, b, strict=True):
        assert (one.comments, one.loop, one.continued) == (other.comments, other.loop, other.continued)
        assert one.values == other.values
        assert list(one.columns) == list(other.columns)
        for label, values in one.columns.items():
            if values.dtype.kind == "f":
                np.testing.assert_allclose(other.columns[label], values, rtol=1e-6, atol=5.1e-7)
            else:
                assert other.columns[label].tolist() == values.tolist()


def test_awkward_syntax_survives_a_rewrite(tmp_path: Path) -> None:
    file = star.read(awkward(tmp_path))
    star.write(tmp_path / "again.star", file)
    again = star.read(tmp_path / "again.star")
    same(file, again)
    star.write(tmp_path / "thrice.star", again)
    assert (tmp_path / "thrice.star").read_bytes() == (tmp_path / "again.star").read_bytes()


@pytest.mark.data
def test_every_star_file_of_the_peers_is_read_and_rewritten(data: Path, tmp_path: Path) -> None:
    paths = sorted(data.rglob("*.star"))
    assert len(paths) > 30
    for path in paths:
        file = star.read(path)
        star.write(tmp_path / "again.star", file)
        same(file, star.read(tmp_path / "again.star"))


@pytest.mark.data
def test_a_mail_footer_under_a_table_is_kept_as_a_comment(data: Path) -> None:
    file = star.read(data / "relion_projects" / "mtf" / "mtf_f3_200_linear.star")
    assert len(file.blocks[0]) == 2049
    assert any("unsubscribe" in line for line in file.tail)


def rows(count: int, change: dict[int, str]) -> str:
    head = "data_particles\n\nloop_\n_rlnImageName #1\n_rlnDefocusU #2\n_rlnClassNumber #3\n"
    lines = [change.get(i, f"{i + 1:06d}@stack.mrcs  {10000 + i / 7:.6f}   {i % 5 + 1}") for i in range(count)]
    return head + "\n".join(lines) + "\n"


BAD = {
    "stray": ("9", "has 1 values where the table has 3 columns"),
    "long": ("000002@stack.mrcs 1 2 3", "has 4 values"),
    "word": ("000002@stack.mrcs huge 2", "'huge' for rlnDefocusU"),
    "class": ("000002@stack.mrcs 10 x2", "'x2' for rlnClassNumber"),
}


@pytest.mark.parametrize("count", [50, 40_000], ids=["small", "large"])
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_line_is_named_or_skipped(tmp_path: Path, kind: str, count: int) -> None:
    line, reason = BAD[kind]
    path = awkward(tmp_path, rows(count, {count // 2: line}))
    number = 6 + count // 2 + 1
    with pytest.raises(UserError, match=f"awkward.star, line {number}: ") as caught:
        star.read(path)
    assert line in str(caught.value)
    assert reason in str(caught.value)
    file = star.read(path, bad_rows="skip")
    assert [(bad.line, bad.text) for bad in file.skipped] == [(number, line)]
    block = file["particles"]
    assert len(block) == count - 1
    assert block.columns["rlnDefocusU"].dtype == np.float64
    assert block.columns["rlnClassNumber"].dtype == np.int64
    assert block.columns["rlnImageName"][-1] == f"{count:06d}@stack.mrcs"


@pytest.mark.parametrize("count", [50, 40_000], ids=["small", "large"])
def test_no_number_and_whole_numbers_with_a_point(tmp_path: Path, count: int) -> None:
    change = {3: "000004@stack.mrcs nan 2.000", 4: "000005@stack.mrcs -inf 3", 5: '"a b" 1.5e-300 +4'}
    block = star.read(awkward(tmp_path, rows(count, change)))["particles"]
    assert np.isnan(block.columns["rlnDefocusU"][3])
    assert block.columns["rlnDefocusU"][4] == -np.inf
    assert block.columns["rlnDefocusU"][5] == pytest.approx(1.5e-300, rel=1e-12)
    assert block.columns["rlnImageName"][5] == "a b"
    assert block.columns["rlnClassNumber"].dtype == np.int64
    assert block.columns["rlnClassNumber"][3:6].tolist() == [2, 3, 4]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_quick_reader_agrees_with_the_careful_one(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = 4000
    floats = rng.normal(size=count) * 10.0 ** rng.uniform(-12, 12, count)
    texts = ["plain", "'quoted one'", '"double #1"', "half'quote", 'a"b', "x#y", '""', "data_7"]
    forms = ["{:.6f}", "{:12.5e}", "{!r}", "{:.0f}", "{:+.3f}"]
    body = "".join(
        f"{' ' * rng.integers(0, 3)}{texts[rng.integers(8)]}\t{forms[rng.integers(5)].format(x)}  {rng.integers(-9, 9)}"
        f"{'  # remark' if rng.random() < 0.01 else ''}\n{'# comment' + chr(10) if rng.random() < 0.01 else ''}"
        for x in floats.tolist()
    )
    labels = ["rlnMicrographName", "rlnDefocusU", "rlnClassNumber"]
    buffer = b"x\n" + body.encode() + b"\n\n# version 30001\n\ndata_next\n"
    quick, bad, end = star_loops.parse(labels, buffer, 2)
    careful, bad_too = star_loops._parse_carefully(labels, star_loops.Body(buffer, 2, end))
    assert end == star_loops.end_of_rows(buffer, 2, 3)
    assert (bad, bad_too) == ([], [])
    assert len(quick["rlnDefocusU"]) == count
    for label in labels:
        if label == "rlnDefocusU":
            np.testing.assert_allclose(quick[label], careful[label], rtol=3e-16, atol=0)
        else:
            assert quick[label].tolist() == careful[label].tolist()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("count", [100, 5000], ids=["small", "large"])
def test_numbers_keep_six_decimals_or_seven_figures(tmp_path: Path, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count) * 10.0 ** rng.uniform(-30, 14, count)
    values[:6] = [0, -0.0, 0.1, 0.099999999, 9.99999999e-5, -1e-4]
    texts = np.array([["a", "b b", "", "_x", "data_x", "it's", '"q', "#h", "é ü", "loop_"][i % 10] for i in range(count)], object)
    columns = {
        "rlnDefocusU": values,
        "rlnImageName": texts,
        "rlnSelected": rng.integers(-(2**52), 2**52, count),
        "rlnSsnrMap": values.astype(np.float32),
        "own": np.arange(count) % 3 == 0,
    }
    star.write(tmp_path / "n.star", StarFile([loop_block("particles", columns)]))
    block = star.read(tmp_path / "n.star")["particles"]
    read = block.columns["rlnDefocusU"]
    size = np.abs(values)
    assert np.all(np.abs(read - values) <= np.where(size < 0.1, 5.1e-7 * size, 5.1e-7 + 3e-16 * size))
    assert block.columns["rlnImageName"].tolist() == texts.tolist()
    assert block.columns["rlnSelected"].tolist() == columns["rlnSelected"].tolist()
    assert block.columns["own"].tolist() == [str(int(i % 3 == 0)) for i in range(count)]


def test_numbers_that_are_not_finite_or_huge_survive(tmp_path: Path) -> None:
    values = np.tile([np.nan, np.inf, -np.inf, 1e300, 123456789012345678.0, 5e-324], 1000)
    star.write(tmp_path / "n.star", StarFile([loop_block("x", {f"rlnMatrix_{i}_1": values for i in (1, 2, 3)})]))
    np.testing.assert_array_equal(star.read(tmp_path / "n.star")["x"].columns["rlnMatrix_2_1"], values)


@pytest.mark.parametrize("text", ["", " ", "a b", "it's", 'say "x" y', "#1", "_label", "data_x", "a\nb", "'", '"', "plain", ";x"])
def test_any_text_can_be_a_value(tmp_path: Path, text: str) -> None:
    blocks = [list_block("one", {"a": text, "b": "2"}), loop_block("two", {"x": [text, "u"], "y": ["v", text]})]
    star.write(tmp_path / "t.star", StarFile(blocks))
    file = star.read(tmp_path / "t.star")
    assert file["one"].values == {"a": text, "b": "2"}
    assert file["two"].columns["x"].tolist() == [text, "u"]
    assert file["two"].columns["y"].tolist() == ["v", text]


def test_a_number_as_text() -> None:
    assert [star_write.number(x) for x in (0.0, 1.5, -0.25, 0.05, 1e-7, 1e20)] == [
        "0.000000",
        "1.500000",
        "-0.250000",
        "0.05",
        "1e-07",
        "1e+20",
    ]


def test_lists_and_what_is_missing(tmp_path: Path) -> None:
    path = awkward(tmp_path)
    assert star.read_list(path, "general")["rlnFinalResolution"] == "16.36"
    with pytest.raises(UserError, match=r"awkward.star has no block data_none; it has data_general"):
        star.read_list(path, "none")
    with pytest.raises(UserError, match="table of 2 rows"):
        star.read_list(path, "optics")
    with pytest.raises(UserError, match="there is no file"):
        star.read(tmp_path / "none.star")
    with pytest.raises(UserError, match="line 1: 'hello' is not part of any block"):
        star.read(awkward(tmp_path, "hello\n"))
    (tmp_path / "zero.star").write_bytes(b"")
    with pytest.raises(UserError, match="empty or no STAR file"):
        star.read_table(tmp_path / "zero.star")


def test_rows_broken_over_lines_are_joined(tmp_path: Path) -> None:
    block = star.read(awkward(tmp_path, "data_x\nloop_\n_a\n_b\n_c\n1 2\n3\n4\n5 6\n"))["x"]
    assert [list(row.values()) for row in block.rows()] == [["1", "2", "3"], ["4", "5", "6"]]


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    path = tmp_path / "latin.star"
    path.write_bytes(b"data_\nloop_\n_rlnMicrographName #1\nF\xf6hre.mrc\n")
    star.write(tmp_path / "again.star", star.read(path))
    assert b"F\xf6hre.mrc" in (tmp_path / "again.star").read_bytes()


def test_an_empty_table_keeps_its_labels(tmp_path: Path) -> None:
    block = Block("particles", columns={"rlnImageName": np.empty(0, object), "rlnDefocusU": np.empty(0)})
    star.write(tmp_path / "e.star", StarFile([block]))
    again = star.read(tmp_path / "e.star")["particles"]
    assert list(again.columns) == ["rlnImageName", "rlnDefocusU"]
    assert len(again) == 0


def test_an_image_is_no_star_file(tmp_path: Path) -> None:
    path = tmp_path / "mask.mrc"
    path.write_bytes(np.arange(300, dtype=np.int32).tobytes())
    with pytest.raises(UserError, match=r"mask\.mrc is no STAR file"):
        star.read(path)
