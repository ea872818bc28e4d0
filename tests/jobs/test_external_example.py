"""The worked example of RELION's manual: an External picker called run_topaz.py, through the project, its places, and RELION."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from vitreous.files import mrc, star
from vitreous.job.placement import Placement
from vitreous.jobs.external import External, Extras
from vitreous.jobs.extract import Extract
from vitreous.methods.extraction.settings import Windows
from vitreous.project import graph as graphs
from vitreous.project.graph import Node, Process
from vitreous.project.project import Project
from vitreous.tables.table import Table

STUB = Path(__file__).resolve().parents[1] / "toys" / "run_topaz.py"
MICS, JOB = "CtfFind/job005/micrographs_ctf.star", "External/job006/"
PLACES = {"mic001": [(60, 70), (150, 40)], "mic002": [(100, 100)]}  # x, y


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose fifth job left two micrographs with their CTF; the next is External/job006."""
    monkeypatch.chdir(tmp_path)
    names = [f"MotionCorr/job002/Movies/{name}.mrc" for name in PLACES]
    for name, spots in zip(names, PLACES.values()):
        image = np.random.default_rng(len(spots)).normal(0, 0.1, (180, 200)).astype(np.float32)
        for x, y in spots:
            image[y, x] = -30.0
        mrc.write_image(name, image, pixel_size_A=2.0)
    optics = {"optics_group_name": ["a"], "optics_group": [1], "micrograph_pixel_size_A": [2.0], "voltage_kV": [300.0]}
    columns = {"micrograph": np.array(names, object), "optics_group": [1, 1], "defocus_u_A": [9000.0, 9500.0]}
    star.write_table(
        MICS, Table(columns, "micrographs", Table({**optics, "cs_mm": [2.7], "amplitude_contrast": [0.1]}, "optics"))
    )
    (tmp_path / "run_topaz.py").write_text(f"#!{sys.executable}\n{STUB.read_text()}")
    (tmp_path / "run_topaz.py").chmod(0o755)
    made = Project.new(".")
    with graphs.locked(made.layout) as graph:
        graph.counter = 6
        graph.processes["CtfFind/job005/"] = Process("CtfFind/job005/", "relion.ctffind", "Succeeded")
        graph.add_node(Node(MICS, "MicrographGroupMetadata.star.relion.ctf"))
        graph.add_output("CtfFind/job005/", MICS)
    return made


def add(project, placement=None, **more):
    extras = Extras(label_1="threshold", value_1="0.1", label_2="denoise_first", **more)
    assert project.add(External(program="run_topaz.py", micrographs=MICS, extras=extras), placement=placement) == JOB


def assert_picked(project):
    graph = project.graph()
    assert graph.processes[JOB].status == "Succeeded"
    assert (MICS, JOB) in graph.inputs
    assert [node for job, node in graph.outputs if job == JOB] == [f"{JOB}coords_suffix_topaz.star"]
    assert graph.nodes[f"{JOB}coords_suffix_topaz.star"].label.startswith("MicrographCoordsGroup.star.relion")
    assert Path(f"{JOB}coords_suffix_topaz.star").read_text() == f"{MICS}\n"
    assert Path(f"{JOB}Movies/mic001_topaz.star").is_file()
    text = Path(f"{JOB}run.out").read_text()
    assert f"run_topaz.py --o {JOB} --in_mics {MICS} --threshold 0.1 --denoise_first --j 1\n" in text


def test_run_here_and_extract_from_its_coordinates(project):
    extras = Extras(label_1="threshold", value_1="5")
    name = project.add(External(program="./run_topaz.py", micrographs=MICS, extras=extras))
    assert project.run(name, quiet=True).status == "succeeded"
    job = Extract(micrographs=MICS, coordinates=f"{JOB}coords_suffix_topaz.star", windows=Windows(box_px=32))
    extracted = project.add(job)
    assert (f"{JOB}coords_suffix_topaz.star", extracted) in project.graph().inputs
    assert project.run(extracted, quiet=True).status == "succeeded"
    table = star.read_table(f"{extracted}particles.star", "particles")
    assert sorted(zip(table["x_px"].tolist(), table["y_px"].tolist())) == [(60, 70), (100, 100), (150, 40)]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["run", "start", "queue"])
def test_the_example_through_every_door(project, way):
    queue = {"use_queue": True, "submit": "bash", "queue_template": "queue.sh"}
    Path("queue.sh").write_text("#!/bin/bash\nXXXcommandXXX >> XXXoutfileXXX 2>> XXXerrfileXXX\n")
    add(project, placement=Placement(**queue) if way == "queue" else None)
    if way == "run":
        assert project.run(JOB, quiet=True).status == "succeeded"
    else:
        project.start(JOB)
        until = time.monotonic() + 60
        assert project.wait(JOB, poll_s=0.2, stop_asked=lambda: time.monotonic() > until) == "Succeeded"
    assert_picked(project)


def test_a_request_to_abort_is_obeyed_within_seconds(project):
    add(project, label_3="seconds", value_3="600")
    found = []
    thread = threading.Thread(target=lambda: found.append(project.run(JOB, quiet=True)), daemon=True)
    thread.start()
    while "--threshold" not in (Path(f"{JOB}run.out").read_text() if Path(f"{JOB}run.out").exists() else ""):
        time.sleep(0.05)
    Path(f"{JOB}RELION_JOB_ABORT_NOW").touch()
    thread.join(timeout=20)
    assert found and found[0].status == "aborted"
    assert project.graph().processes[JOB].status == "Aborted"
    assert sorted(path.name for path in Path(JOB).glob("RELION_JOB_*")) == ["RELION_JOB_EXIT_ABORTED"]


@pytest.mark.relion
def test_relion_knows_the_picks(project, relion):
    add(project)
    project.run(JOB, quiet=True)
    subprocess.run([f"{relion}/relion_pipeliner", "--check_job_completion"], check=True, capture_output=True)
    assert_picked(project)
    assert star.read("default_pipeline.star")["pipeline_nodes"]["rlnPipeLineNodeType"][-1] in ("2", 2)
