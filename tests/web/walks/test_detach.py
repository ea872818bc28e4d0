"""The window may go while jobs run: the server is stopped and started again, several browsers see the same, and an open tab
goes on with the address that it has. Walk 3, and the beginning of walk 1."""

import json
import re
import stat
import threading
import time

import httpx2
import pytest
from tests.web.conftest import RIGHT, TOKEN, serving

from vitreous.project.project import Project
from vitreous.web.access import Access

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROGRAM = """#!/bin/bash
while [ ! -e {go} ]; do echo "line $((++n))"; sleep 0.1; done
echo the end
"""


def wait_for(question, what, within_s=60.0):
    """Ask again until the answer is true, and give it."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {what}")


def begin(base, project):
    """Start a program as a job through the window; gives the job's number and folder, and the file that lets it end."""
    program, go = project.parent / "slow.sh", project.parent / "go"
    program.write_text(PROGRAM.format(go=go))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    values = {"program": str(program), "micrographs": "CtfFind/job003/micrographs_ctf.star", "trust_exit_code": "Yes"}
    wish = {"type": "external", "values": values, "start": True}
    made = httpx2.post(f"{base}/api/p/demo/jobs", json=wish, headers=RIGHT, timeout=30)
    assert made.status_code == 200, made.text
    return made.json()["number"], project / made.json()["name"], go


class Listener(threading.Thread):
    """A browser's stream of events."""

    def __init__(self, base):
        super().__init__(daemon=True)
        self.base, self.heard = base, []
        self.start()

    def run(self):
        with httpx2.stream("GET", f"{self.base}/api/p/demo/events", headers=RIGHT, timeout=60) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: {"):
                    self.heard.append(json.loads(line[6:]))

    def topics(self):
        return {event["topic"] for event in self.heard}


def log_lines(base, number):
    """The job's whole log as the window tells it."""
    answer = httpx2.get(f"{base}/api/p/demo/jobs/{number}/log", params={"from_line": 0}, headers=RIGHT, timeout=30)
    return answer.json()["lines"]


def test_a_job_outlives_the_server_and_all_browsers_hear_of_it(project):
    with serving(project) as first:
        listeners = [Listener(first.base) for _ in range(3)]
        wait_for(lambda: all(one.heard for one in listeners), "three streams stand")
        number, folder, go = begin(first.base, project)
        for one in listeners:
            wait_for(lambda one=one: {"jobs", f"job:{number}", f"log:{number}"} <= one.topics(), "the job is told to all")
        lines = wait_for(lambda: (folder / "run.out").read_text().count("line"), "the job speaks")
        assert Project.open(project).graph().processes[f"{folder.relative_to(project)}/"].status == "Running"
        stopped = time.monotonic()
        first.process.terminate()
        first.process.wait(timeout=10)
        assert time.monotonic() - stopped < 3, "open streams do not hold the server"
        for one in listeners:
            one.join(timeout=5)
            assert one.heard[-1]["topic"] == "bye"
    wait_for(lambda: (folder / "run.out").read_text().count("line") > lines + 5, "the job runs on without a server")
    with serving(project) as second:
        assert httpx2.get(f"{second.base}/api/p/demo/project", headers=RIGHT).status_code == 200, "the token is the same"
        found = [line for line in log_lines(second.base, number) if line.startswith("line ")]
        assert found[0] == "line 1" and found == [f"line {at}" for at in range(1, len(found) + 1)]
        listener = Listener(second.base)
        wait_for(lambda: listener.heard, "the stream stands again")
        go.touch()
        state = wait_for(lambda: finished(second.base, number), "the job ends")
        wait_for(lambda: "jobs" in listener.topics(), "its end is told")
        assert state == "finished" and log_lines(second.base, number)[-1] != ""


def finished(base, number):
    state = httpx2.get(f"{base}/api/p/demo/jobs/{number}", headers=RIGHT, timeout=30).json()["state"]
    return state if state not in ("running", "queued", "silent", "scheduled") else ""


def test_an_open_tab_says_that_it_lost_the_server_and_goes_on_by_itself(project, browser):
    from playwright.sync_api import expect

    context = browser.new_context(viewport={"width": 1280, "height": 800})
    cookie = {"name": Access(TOKEN).cookie, "value": TOKEN, "domain": "127.0.0.1", "path": "/"}
    context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Strict"}])
    tabs = [context.new_page(), context.new_page()]
    with serving(project) as first:
        port = re.search(r":(\d+)", first.base).group(1)
        for tab in tabs:
            tab.goto(f"{first.base}/p/demo/")
            expect(tab.get_by_text("classified").first).to_be_visible(timeout=15000)
    for tab in tabs:
        expect(tab.get_by_text("Jobs run on").first).to_be_visible(timeout=15000)
        expect(tab.get_by_text("classified").first).to_be_visible()
    with serving(project, "--port", port):
        for tab in tabs:
            expect(tab.get_by_text("Jobs run on")).to_have_count(0, timeout=15000)
        Project.open(project).alias("Class2D/job006/", "renamed_elsewhere")
        for tab in tabs:
            expect(tab.get_by_text("renamed_elsewhere").first).to_be_visible(timeout=10000)
    context.close()


def test_the_printed_address_opens_an_empty_directory(tmp_path, browser):
    from playwright.sync_api import expect

    folder = tmp_path / "fresh"
    folder.mkdir()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    with serving(folder) as window:
        tab.goto(window.address)
        expect(tab.get_by_role("heading", level=1)).to_be_visible(timeout=15000)
        assert "token" not in tab.url
        assert not (folder / "default_pipeline.star").exists()
        for words in ("Import movies", "Run the demo"):
            expect(tab.get_by_text(words).first).to_be_visible(timeout=15000)
    context.close()
