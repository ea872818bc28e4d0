"""Forms as data: what they open with, what fits a slot, what is said of their values, and the jobs they become."""

import os
import struct
import threading
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from vitreous.files import mrc
from vitreous.job import registry
from vitreous.job.as_star import load
from vitreous.web.app import create_app

AT = "/api/p/demo"
PICKED = "CtfFind/job003/micrographs_ctf.star"


def form(client, type, **asked):
    answer = client.get(f"{AT}/forms/{type}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def check(client, type, values, **more):
    answer = client.post(f"{AT}/forms/{type}/check", json={"values": values, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def predict(client, type, values):
    answer = client.post(f"{AT}/forms/{type}/predict", json={"values": values})
    assert answer.status_code == 200, answer.text
    return answer.json()


def fields(said):
    return {field["name"]: field for tab in said["tabs"] for field in tab["fields"]}


def faults(said):
    return {one["field"]: (one["tab"], one["sentence"]) for one in said["errors"]}


@pytest.mark.parametrize("type", registry.job_types())
def test_every_type_has_a_form_whose_last_tab_is_its_place(client, type):
    said = form(client, type)
    assert said["tabs"][-1]["name"] == "Place"
    every = fields(said)
    assert set(every) <= set(said["values"])
    assert any(field["usual"] for field in said["tabs"][0]["fields"])
    assert all(field["help"] for field in every.values())
    assert all(field["when"] in every for field in every.values() if field["when"])
    assert check(client, type, said["values"])["sentence"].endswith(".")


def test_tabs_are_relions_in_relions_order(client):
    names = [tab["name"] for tab in form(client, "class2d")["tabs"]]
    assert names == ["I/O", "CTF", "Optimisation", "Sampling", "Selection", "Compute", "Place"], "Selection is our own"
    names = [tab["name"] for tab in form(client, "refine3d")["tabs"]]
    assert names == ["I/O", "Reference", "CTF", "Optimisation", "Auto-sampling", "Compute", "Place"]
    assert [tab["name"] for tab in form(client, "ctf-find")["tabs"]] == ["I/O", "Search", "Phase", "Place"]
    assert fields(form(client, "class2d"))["classes"]["relion"] == ["nr_classes"]


def test_a_fresh_form_is_as_last_used_with_the_newest_input_of_that_type(client):
    said = form(client, "class2d")
    assert said["values"]["classes"] == "20"
    assert said["origins"]["classes"] == "last"
    assert said["values"]["particles"] == "Extract/job005/particles.star"
    assert said["origins"]["regularisation"] == "default"
    assert said["values"]["continue_from"] == ""


def test_a_form_takes_the_outputs_of_a_job_and_what_the_address_says(client):
    said = form(client, "extract", **{"from": "004", "v.box_px": "96", "in.micrographs": PICKED})
    assert said["values"]["coordinates"] == "AutoPick/job004/autopick.star"
    assert (said["values"]["box_px"], said["origins"]["box_px"]) == ("96", "link")
    assert said["values"]["micrographs"] == PICKED
    copied = form(client, "class2d", **{"from": "classified"})
    assert copied["values"]["particle_diameter_A"] == "197"
    assert "that this type does not have: nosuch" in form(client, "class2d", **{"v.nosuch": "1"})["note"]
    assert client.get(f"{AT}/forms/nosuch").status_code == 404


def test_a_slot_offers_only_what_fits_newest_first(client):
    found = client.get(f"{AT}/slots", params={"kind": "particles"}).json()
    jobs = [offer["job"] for offer in found["offers"]]
    assert jobs == sorted(jobs, reverse=True)
    assert "005" in jobs
    assert "004" not in jobs
    newest = next(offer for offer in found["offers"] if offer["job"] == "005")
    assert (newest["unit"], newest["box"]) == ("particles", 112)
    assert newest["count"] > 100
    assert newest["pixel_size_A"] == pytest.approx(2.2857)
    words = client.get(f"{AT}/slots", params={"kind": "particles", "q": "extracted star"}).json()["offers"]
    assert [offer["job"] for offer in words] == ["005"]
    assert client.get(f"{AT}/slots", params={"kind": "nosuch"}).status_code == 422
    assert {o["kind"] for o in client.get(f"{AT}/slots", params={"kind": "mask"}).json()["offers"]} == {"mask"}


@pytest.mark.parametrize("said", ["--5", "²", "1.5", "9" * 5000])
def test_what_only_looks_like_a_whole_number_is_a_fault(client, said):
    values = form(client, "class2d")["values"]
    found = faults(check(client, "class2d", {**values, "seed": said, "workers": said}))
    assert {"seed", "workers"} <= set(found)


@pytest.mark.parametrize("path", ["/dev/zero", "pipe.star"])
def test_devices_and_pipes_are_not_read(client, project, path):
    os.mkfifo(project / "pipe.star")
    answered = threading.Thread(target=check, args=(client, "class2d", {**form(client, "class2d")["values"], "particles": path}))
    answered.daemon = True
    answered.start()
    answered.join(timeout=60)
    assert not answered.is_alive(), "a form waits for a file that never ends"


def test_all_that_is_wrong_is_said_by_field_with_its_tab(client):
    values = form(client, "class2d")["values"]
    wrong = {**values, "classes": "abc", "angle_step_deg": "0.01", "particles": "no.star", "workers": "0", "nosuch": "1"}
    said = faults(check(client, "class2d", wrong))
    assert said["classes"] == ("Optimisation", "'abc' is no whole number")
    assert said["angle_step_deg"] == ("Sampling", "must be 0.1 ° or more")
    assert said["particles"] == ("I/O", "there is no file no.star")
    assert said["workers"] == ("Place", "must be 1 or more")
    assert "no setting" in said["nosuch"][1]
    assert check(client, "class2d", {**values, "particles": ""})["errors"][0]["sentence"] == "choose a file: this job needs it"


def test_the_sentence_and_both_commands_come_of_the_values(client):
    values = {**form(client, "class2d")["values"], "classes": "7"}
    said = check(client, "class2d", values)
    assert said["errors"] == []
    assert "into 7 classes" in said["sentence"]
    assert "particles of 112 px" in said["sentence"]
    assert said["command"]["pipeline"].splitlines()[-1].startswith("vitreous class2d --particles=Extract/job005/particles.star")
    assert said["command"]["plain"].endswith("--out=Class2D/job012/")
    assert not Path("Class2D/job012").exists()


def test_a_queue_gets_a_script_that_can_be_read_before(client):
    values = {**form(client, "class2d")["values"], "use_queue": "Yes", "queue": "gpu long", "time_limit_h": "2"}
    said = check(client, "class2d", values)
    assert said["script"].startswith("#!/bin/bash")
    assert "--cpus-per-task=" in said["script"]
    assert said["submit"] == "sbatch"


def test_a_mask_of_another_grid_is_told(client, project):
    header = mrc.read_header("MaskCreate/job010/mask.mrc")
    assert header.pixel_size_A == pytest.approx(2.2857, abs=1e-3)
    raw = bytearray(Path("MaskCreate/job010/mask.mrc").read_bytes())
    struct.pack_into("<3f", raw, 40, 100, 100, 100)
    Path("other_mask.mrc").write_bytes(raw)
    values = {**form(client, "refine3d")["values"], "solvent_mask": "other_mask.mrc"}
    warned = {one["field"]: one["sentence"] for one in check(client, "refine3d", values)["warnings"]}
    assert warned["solvent_mask"].startswith("mask has 0.8929 Å/px, map 2.2857")


def test_values_can_be_taken_from_the_data(client):
    said = check(client, "extract", form(client, "extract")["values"])["measured"]
    assert said["box_px"] == {"value": "144", "words": "1.5 × 184 Å of job004, at 2 Å/px"}
    said = check(client, "class2d", form(client, "class2d")["values"])["measured"]
    assert said["particle_diameter_A"]["value"] == "203"
    assert check(client, "post-process", form(client, "post-process")["values"])["measured"]["voxel_size_A"]["value"] == "2.2857"


def test_a_prediction_goes_by_the_earlier_job_and_its_size(client):
    values = form(client, "class2d")["values"]
    said = predict(client, "class2d", values)
    assert (said["verdict"], said["ground"]) == ("fits", "from job006")
    assert 0 < said["time_s"]["low"] < said["time_s"]["high"]
    more = predict(client, "class2d", {**values, "classes": "80"})
    assert more["time_s"]["high"] > 3 * said["time_s"]["high"]
    assert more["ground"] == "from job006, 4 times the work"
    assert more["disk_GB"] > said["disk_GB"] > 0
    assert predict(client, "reconstruct", form(client, "reconstruct")["values"])["time_s"] is None


def test_too_much_is_told_with_the_nearest_that_fits(client):
    values = {**form(client, "class2d")["values"], "workers": "64", "memory_GB": "4000"}
    said = predict(client, "class2d", values)
    assert said["verdict"] == "will not fit"
    better = predict(client, "class2d", {**values, **said["fits_with"]})
    assert better["verdict"] in ("fits", "tight")
    queued = predict(client, "class2d", {**values, "use_queue": "Yes"})
    assert {need["name"]: need["verdict"] for need in queued["needs"]}["memory"] == "not known"


def test_a_list_makes_several_jobs(client):
    values = {**form(client, "mask-create")["values"], "edge_px": "2, 4, 6", "extend_px": "1,2"}
    said = check(client, "mask-create", values)
    assert (said["jobs"], sorted(said["scan"])) == (6, ["edge_px", "extend_px"])
    assert said["sentence"].startswith("6 jobs that differ in")
    one = predict(client, "mask-create", {**values, "edge_px": "2", "extend_px": "1"})
    assert predict(client, "mask-create", values)["jobs"] == 6
    assert one["jobs"] == 1
    made = client.post(f"{AT}/jobs", json={"type": "mask-create", "values": values, "alias": "soft"}).json()
    assert len(made["jobs"]) == 6
    edges = {load(f"{job['name']}/job.star").job.creation.edge_px for job in made["jobs"]}
    assert edges == {2, 4, 6}
    assert Path("MaskCreate/soft_6").is_symlink()
    many = {**values, "edge_px": ",".join(map(str, range(60)))}
    assert "48 at most" in check(client, "mask-create", many)["errors"][0]["sentence"]


def test_a_form_becomes_a_job_with_the_same_values(client):
    values = {**form(client, "mask-create")["values"], "edge_px": "4.5"}
    wish = {"type": "mask-create", "values": values, "alias": "my soft mask", "start": False}
    made = client.post(f"{AT}/jobs", json=wish).json()
    assert (made["number"], made["name"]) == ("012", "MaskCreate/job012")
    again = client.get(f"{AT}/jobs/012/form").json()
    assert {name: again["values"][name] for name in values} == values
    assert again["state"] == "Scheduled"
    assert Path("MaskCreate/my_soft_mask").is_symlink()
    refused = client.post(f"{AT}/jobs", json={**wish, "alias": "job7"})
    assert refused.status_code == 422
    assert not Path("MaskCreate/job013").exists()


def test_the_same_act_twice_makes_one_job(client):
    wish = {"type": "mask-create", "values": form(client, "mask-create")["values"]}
    first, second = (client.post(f"{AT}/jobs", json=wish, headers={"Idempotency-Key": "k1"}).json() for _ in range(2))
    assert first == second
    assert not Path("MaskCreate/job013").exists()


def ended(client, number, within_s=60.0):
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        row = client.get(f"{AT}/jobs", params={"q": number}).json()["jobs"][0]
        if row["state"] in ("finished", "failed", "aborted"):
            return row["state"]
        time.sleep(0.1)
    raise AssertionError(f"job{number} did not end within {within_s} s")


@pytest.mark.slow
def test_a_job_runs_and_goes_on_with_changed_values_in_its_folder(client):
    values = form(client, "mask-create")["values"]
    made = client.post(f"{AT}/jobs", json={"type": "mask-create", "values": values, "start": True}).json()
    assert made["jobs"][0]["started"]
    assert ended(client, "012") == "finished"
    said = check(client, "mask-create", {**values, "edge_px": "6"}, job="012")
    assert said["changes"] == ["edge_px was 3, is now 6"]
    assert "project continue MaskCreate/job012 --set edge_px=6" in said["command"]["pipeline"]
    listed = check(client, "mask-create", {**values, "edge_px": "2, 4"}, job="012")
    assert faults(listed)["edge_px"][1] == "'2, 4' is no number"
    client.post(f"{AT}/jobs/012/start", json={"changed": {"edge_px": "6"}}).raise_for_status()
    assert ended(client, "012") == "finished"
    assert load("MaskCreate/job012/job.star").job.creation.edge_px == 6
    assert not Path("MaskCreate/job013").exists()


def test_iterations_keep_their_input_and_say_so(client):
    said = client.get(f"{AT}/jobs/006/form").json()
    assert "copy the job" in said["locks"]["particles"]
    assert "classes" not in said["locks"]
    changed = {**said["values"], "particles": "Select/job007/particles.star"}
    assert "input cannot change" in check(client, "class2d", changed, job="006")["errors"][0]["sentence"]
    refused = client.post(f"{AT}/jobs/006/start", json={"changed": {"particles": "Select/job007/particles.star"}})
    assert refused.status_code == 422


def test_a_job_that_asks_waits_for_its_answer(client):
    values = {**form(client, "select")["values"], "by_score": "No", "model": "Class2D/job006/run_it200_optimiser.star"}
    made = client.post(f"{AT}/jobs", json={"type": "select", "values": {**values, "particles": ""}, "start": True}).json()
    assert made["question"] == "classes"
    assert not made["jobs"][0]["started"]


HOSTILE = [
    *("\0", "../../etc/passwd", "/etc/passwd", "<img src=x onerror=alert(1)>", "a" * 9000),
    *("'; rm -rf ~; '", "$(id)", "\n", "NaN", "1e999", "-0"),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_value_is_a_fault_of_the_server_or_leaves_the_project(client, text):
    known = form(client, "class2d")["values"]
    for name in ("particles", "classes", "particle_diameter_A", "scratch", "queue", "use_em"):
        values = {**known, name: text}
        for act in ("check", "predict"):
            answer = client.post(f"{AT}/forms/class2d/{act}", json={"values": values, "alias": text[:200]})
            assert answer.status_code in (200, 422), (act, name, answer.text)
    before = sorted(path.name for path in Path().iterdir())
    refused = client.post(f"{AT}/jobs", json={"type": "class2d", "values": {**known, "classes": text}, "alias": text[:100]})
    assert refused.status_code == 422, refused.text
    assert sorted(path.name for path in Path().iterdir()) == before
    assert client.get(f"{AT}/forms/class2d", params={"v.classes": text}).status_code == 200


def test_who_may_only_look_makes_no_job(client, project):
    with TestClient(create_app(".", readonly=True), base_url="http://127.0.0.1:8014") as looking:
        looking.headers["X-Vitreous"] = "1"
        assert looking.get(f"{AT}/forms/class2d").status_code == 200
        assert looking.post(f"{AT}/jobs", json={"type": "class2d", "values": {}}).status_code == 403


@pytest.mark.slow
def test_a_job_whose_input_is_still_to_be_made_runs_when_it_is(client):
    mask = client.post(f"{AT}/jobs", json={"type": "mask-create", "values": form(client, "mask-create")["values"]}).json()
    values = {**form(client, "post-process")["values"], "solvent_mask": f"{mask['name']}/mask.mrc"}
    warned = {one["field"]: one["sentence"] for one in check(client, "post-process", values)["warnings"]}
    assert "not there yet" in warned["solvent_mask"]
    made = client.post(f"{AT}/jobs", json={"type": "post-process", "values": values, "start": True}).json()
    assert "as soon as it can" in made["jobs"][0]["said"]
    assert ended(client, "013", 120) == "finished"
    assert ended(client, "012") == "finished"


def test_an_edited_script_is_what_the_queue_gets(client, project, monkeypatch):
    here = project.parent / "bin"
    here.mkdir()
    (here / "sbatch").write_text('#!/bin/bash\ncp "$1" sent.sh\necho Submitted batch job 77\n')
    (here / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(here), prepend=":")
    values = {**form(client, "mask-create")["values"], "use_queue": "Yes"}
    script = check(client, "mask-create", values)["script"].replace(
        "#SBATCH --nodes=1", "#SBATCH --nodes=1\n#SBATCH --constraint=big"
    )
    made = client.post(f"{AT}/jobs", json={"type": "mask-create", "values": values, "start": True, "script": script}).json()
    assert made["jobs"][0]["fault"] == ""
    assert Path("sent.sh").read_text().rstrip() == script.rstrip()
    assert "--constraint=big" in Path("MaskCreate/job012/run.out").read_text()
    plain = {**values, "use_queue": "No"}
    said = client.post(f"{AT}/jobs", json={"type": "mask-create", "values": plain, "start": True, "script": "rm -rf x"}).json()
    assert "not handed over by a script" in said["jobs"][0]["fault"]
