"""Any file of the project: its kind and view, its text in parts, its bytes; hostile ones stay bytes."""

import os

API = "/api/p/demo/file"


def info(client, path):
    answer = client.get(f"{API}/info", params={"path": path})
    assert answer.status_code == 200, answer.text
    return answer.json()


SHOWN = {
    "CtfFind/job003/micrographs_ctf.star": ("micrographs", "text"),
    "Class2D/job006/run_it200_model.star": ("classes", "text"),
    "Extract/job005/particles.star": ("particles", "text"),
    "Refine3D/job009/run_class001.mrc": ("volume", "bytes"),
    "default_pipeline.star": ("table", "text"),
    "session/movies/movie_00001.tiff": ("movies", "bytes"),
    "demo.html": ("", "page"),
    "demo.json": ("", "text"),
    "Class2D/job006/run.out": ("", "text"),
    "Class2D/job006": ("", "folder"),
}
HOSTILE = ("evil.html", "evil.svg", "evil.js", "evil.mjs", "evil.star", "evil.xhtml", "evil")


def test_the_kind_of_a_file_names_its_view(client):
    found = {path: info(client, path) for path in SHOWN}
    assert {path: (one["view"], one["plain"]) for path, one in found.items()} == SHOWN


def test_a_file_knows_its_job_and_a_link_says_where_it_leads(client, project):
    assert info(client, "Class2D/job006/run.out")["job"] == "Class2D/job006"
    assert info(client, "session/movies/movie_00001.tiff")["outside"].endswith("movies/movie_00001.tiff")
    assert info(client, "demo.json")["outside"] == ""


def test_folders_are_listed(client):
    top = client.get(f"{API}/list").json()
    names = [entry["name"] for entry in top["entries"]]
    assert "Class2D" in names and "default_pipeline.star" in names and not any(name.startswith(".") for name in names)
    below = client.get(f"{API}/list", params={"path": "Class2D"}).json()["entries"]
    assert {"name": "classified", "link": "../Class2D/job006"}.items() <= next(e for e in below if e["link"]).items()
    assert client.get(f"{API}/list", params={"path": "demo.json"}).status_code == 422


def test_long_texts_come_in_parts(client, project):
    (project / "long.txt").write_text("".join(f"line {number}\n" for number in range(5000)))
    part = client.get(f"{API}/text", params={"path": "long.txt", "from_line": 2000}).json()
    assert (part["lines"][0], len(part["lines"]), part["total"], part["complete"]) == ("line 2000", 2000, 5000, False)
    assert client.get(f"{API}/text", params={"path": "long.txt", "lines": 2001}).status_code == 422


def test_bytes_come_in_ranges(client, project):
    whole = (project / "demo.html").read_bytes()
    part = client.get(f"{API}/raw", params={"path": "demo.html"}, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert client.get(f"{API}/raw", params={"path": "demo.html"}).content == whole


def test_no_file_becomes_script_of_the_window(client, project):
    for name in HOSTILE:
        (project / name).write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
        answer = client.get(f"{API}/raw", params={"path": name})
        kind, policy = answer.headers["content-type"], answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "javascript" not in kind and "xhtml" not in kind, name
        if not kind.startswith("text/plain"):
            rules = {rule.strip().partition(" ")[0]: rule.strip() for rule in policy.split(";")}
            assert "sandbox" in rules and rules["default-src"] == "default-src 'none'" and "script-src" not in rules, name


def test_hostile_names_are_told_as_they_are(client, project):
    name = '<img src=x onerror=alert(1)>"\r\nSet-Cookie: a=b.txt'
    (project / name).write_text("x")
    answer = client.get(f"{API}/raw", params={"path": name, "download": True})
    assert answer.status_code == 200 and "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%3Cimg")
    assert name in [entry["name"] for entry in client.get(f"{API}/list").json()["entries"]]


def test_what_is_no_plain_file_is_not_opened(client, project):
    os.mkfifo(project / "pipe")
    for page in ("raw", "text", "info"):
        assert client.get(f"{API}/{page}", params={"path": "pipe"}).status_code == 422
