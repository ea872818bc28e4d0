"""Who is let in, and what they may do. Each guard stands alone: without it one of these tests fails."""

import json
import threading
import time

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import TOKEN

from vitreous.context import UserError
from vitreous.project.project import Project
from vitreous.web import guard, tokens
from vitreous.web.access import Access
from vitreous.web.app import create_app

ADDRESS = "http://127.0.0.1:8014"
HEAD = "/api/p/project/project"
ACT = "/api/p/project/shares"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    Project.new(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>vitreous</title>")
    (static / "assets" / "a.js").write_text("let a = 1\n" * 200)
    return static


@pytest.fixture
def stranger(folder):
    with TestClient(create_app(".", static=folder, access=Access(TOKEN)), base_url=ADDRESS, follow_redirects=False) as client:
        yield client


@pytest.fixture
def owner(stranger):
    """A browser that has opened the printed address."""
    assert stranger.get(f"/?token={TOKEN}").status_code == 303
    return stranger


def test_without_the_token_nothing_is_told(stranger):
    for path in (HEAD, "/api/openapi.json", "/api/p/other/project", "/p/project/", "/"):
        answer = stranger.get(path)
        assert answer.status_code == 401, path
        assert "project" not in answer.text.replace("vitreous web printed", "")
    assert stranger.get(HEAD, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert stranger.get(HEAD, headers={"Authorization": "Bearer é".encode()}).status_code == 401
    assert stranger.get("/?token=wrong").status_code == 401
    assert stranger.get("/p/project/").headers["content-type"].startswith("text/html")


def test_the_token_moves_from_the_address_into_a_cookie(stranger):
    answer = stranger.get(f"/p/project/job/001?token={TOKEN}&it=3")
    assert (answer.status_code, answer.headers["location"]) == (303, "/p/project/job/001?it=3")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    assert stranger.get(HEAD).json()["may_act"] is True
    secure = TestClient(create_app(".", access=Access(TOKEN)), base_url="https://127.0.0.1:8014", follow_redirects=False)
    assert "; Secure" in secure.get(f"/?token={TOKEN}").headers["set-cookie"]


def test_it_sends_nobody_elsewhere(stranger):
    for path in ("//evil.example/", "/\\evil.example/"):
        where = stranger.get(f"{ADDRESS}{path}?token={TOKEN}").headers.get("location", "/")
        assert where.startswith("/") and not where.startswith(("//", "/\\"))


def test_scripts_send_the_token_in_a_header(stranger):
    assert stranger.get(HEAD, headers=RIGHT).status_code == 200
    assert stranger.post(ACT, json={}, headers=RIGHT).status_code == 200


def test_two_windows_on_one_machine_keep_their_cookies_apart():
    assert Access("one" * 20).cookie != Access("two" * 20).cookie


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8014", "127.0.0.1.evil.example", "", "[", "10.0.0.1"])
def test_a_name_of_another_site_is_refused(owner, host):
    for path in (HEAD, "/p/project/", "/assets/a.js", f"/?token={TOKEN}"):
        assert owner.get(path, headers={"Host": host, **RIGHT}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1", "[::1]:8014", "LOCALHOST."])
def test_a_tunnel_may_have_another_port(owner, host):
    assert owner.get(HEAD, headers={"Host": host, **RIGHT}).status_code == 200


def test_names_that_were_given_are_known():
    rules = Access(TOKEN, frozenset({"scope.lab"}), any_address=True)
    assert rules.knows_host("scope.lab:8014") and rules.knows_host("10.0.0.7:8014") and not rules.knows_host("other.lab")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Vitreous": "1", "Origin": "http://evil.example"},
        {"X-Vitreous": "1", "Origin": "null"},
        {"X-Vitreous": "1", "Origin": "http://127.0.0.1:9999"},
        {"X-Vitreous": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Vitreous": "1", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_an_act_from_another_page_is_refused(owner, headers):
    assert owner.post(ACT, json={}, headers=headers).status_code == 403
    assert owner.get(ACT).json() == []


def test_an_act_from_our_page_is_done(owner):
    headers = {"X-Vitreous": "1", "Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    assert owner.post(ACT, json={}, headers=headers).status_code == 200


def test_data_are_not_given_to_other_pages_of_this_machine(owner):
    assert owner.get(HEAD, headers={"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert owner.get("/p/project/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code == 200


def test_every_answer_has_the_heads_that_keep_text_from_becoming_script(owner):
    for path in ("/p/project/", HEAD, "/assets/a.js", "/nowhere", "/api/nowhere"):
        heads = owner.get(path).headers
        assert heads["x-content-type-options"] == "nosniff" and heads["referrer-policy"] == "no-referrer"
        policy = heads["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0] and "unsafe-eval" not in policy
    assert "sandbox" in owner.get(HEAD).headers["content-security-policy"]


def test_read_only_windows_let_nobody_act(folder):
    with TestClient(create_app(".", static=folder, readonly=True, access=Access(TOKEN)), base_url=ADDRESS) as client:
        assert client.get(HEAD, headers=RIGHT).json()["may_act"] is False
        assert client.post(ACT, json={}, headers=RIGHT).status_code == 403


def test_a_request_that_is_too_long_is_refused(owner, monkeypatch):
    monkeypatch.setattr(guard, "MOST_BYTES", 1000)
    assert owner.post(ACT, content=b" " * 1001, headers=RIGHT).status_code == 413
    pieces = (b" " * 600 for _ in range(2))
    assert owner.post(ACT, content=pieces, headers={**RIGHT, "Content-Type": "application/json"}).status_code == 413


def test_shared_links_look_and_do_not_act(owner, folder):
    made = owner.post(ACT, json={"label": "Jane", "days": 2}, headers=RIGHT).json()
    link = made["address"].removesuffix("p/project/")
    with TestClient(create_app(".", static=folder, access=Access(TOKEN)), base_url=ADDRESS) as guest:
        assert guest.get(f"{link}api/p/project/project").json()["may_act"] is False
        assert guest.get(made["address"]).status_code == 200
        assert guest.get(link, follow_redirects=False).headers["location"] == made["address"]
        assert guest.get(f"{link}api/p/project/shares").status_code == 403
        assert guest.post(f"{link}api/p/project/shares", json={}, headers={"X-Vitreous": "1"}).status_code == 403
        assert guest.get(HEAD).status_code == 401
        assert guest.get("/s/guessed/api/p/project/project").status_code == 404
        assert owner.delete(f"{ACT}/{made['id']}", headers=RIGHT).status_code == 200
        assert guest.get(f"{link}api/p/project/project").status_code == 404
    assert owner.delete(f"{ACT}/{made['id']}", headers=RIGHT).status_code == 404


def test_a_shared_link_ends_on_its_day_and_its_file_does_not_hold_it(owner, monkeypatch, tmp_path):
    made = owner.post(ACT, json={"days": 1}, headers=RIGHT).json()
    token = made["address"].split("/")[2]
    kept = (tmp_path / "project" / ".vitreous" / "window" / "shares.json").read_text()
    assert token not in kept and json.loads(kept)[0]["id"] == made["id"]
    later = time.time() + 86401
    monkeypatch.setattr(time, "time", lambda: later)
    assert owner.get(f"/s/{token}/api/p/project/project").status_code == 404


def test_an_act_is_done_once_for_each_key(owner):
    headers = {**RIGHT, "Idempotency-Key": "abc"}
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(owner.post(ACT, json={}, headers=headers).json())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["address"] for answer in answers}) == 1 and len(owner.get(ACT).json()) == 1
    owner.post(ACT, json={}, headers={**RIGHT, "Idempotency-Key": "other"})
    assert len(owner.get(ACT).json()) == 2


def test_data_carry_a_tag_and_text_is_compressed(owner):
    first = owner.get(HEAD)
    assert first.headers["cache-control"] == "no-cache"
    again = owner.get(HEAD, headers={"If-None-Match": f'W/{first.headers["etag"]}, "x"'})
    assert (again.status_code, again.content) == (304, b"")
    script = owner.get("/assets/a.js")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-encoding"] == "gzip" and int(script.headers["content-length"]) < 200 < len(script.text)
    assert "content-encoding" not in owner.get("/assets/a.js", headers={"Accept-Encoding": "identity"}).headers


def test_the_token_is_kept_for_its_user_alone(tmp_path):
    place = tmp_path / "deep" / "a.token"
    token = tokens.kept(place)
    assert tokens.kept(place) == token and len(token) > 40
    assert place.stat().st_mode & 0o777 == 0o600 and place.parent.stat().st_mode & 0o077 == 0
    place.chmod(0o644)
    with pytest.raises(UserError, match="read by others"):
        tokens.kept(place)
    (tmp_path / "link").symlink_to(place)
    with pytest.raises(UserError, match="token"):
        tokens.kept(tmp_path / "link")
