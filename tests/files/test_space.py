import os

from vitreous.files.space import bytes_in


def test_all_files_below_a_folder_count_and_links_as_links(tmp_path):
    (tmp_path / "job/deep").mkdir(parents=True)
    (tmp_path / "large").write_bytes(bytes(5000))
    (tmp_path / "job/one").write_bytes(bytes(100))
    (tmp_path / "job/deep/two").write_bytes(bytes(20))
    assert bytes_in(tmp_path / "job") == 120
    (tmp_path / "job/link").symlink_to("../large")
    assert bytes_in(tmp_path / "job") == 120 + os.lstat(tmp_path / "job/link").st_size
    assert bytes_in(tmp_path / "job/one") == 100
    assert bytes_in(tmp_path / "gone") == 0


def test_a_file_that_goes_while_it_is_counted_takes_nothing(tmp_path, monkeypatch):
    (tmp_path / "there").write_bytes(bytes(7))
    monkeypatch.setattr(os, "walk", lambda path: [(str(path), [], ["there", "gone"])])
    assert bytes_in(tmp_path) == 7
