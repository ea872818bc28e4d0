import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.project import flowchart, flowchart_drawing
from vitreous.project.commands import main
from vitreous.project.graph_model import Graph, Node, Process

SVG = "{http://www.w3.org/2000/svg}"


def drawn(graph, name="", **how):
    return flowchart.chart(graph, name, title_of=lambda process: process.label, status_of=lambda process: process.status, **how)


@pytest.fixture
def graph():
    made = Graph()
    names = ("Import/job001/", "Class2D/job002/", "Select/job003/", "Select/job004/")
    for name, status in zip(names, ("Succeeded", "Failed", "Scheduled", "Aborted"), strict=True):
        made.processes[name] = Process(name, "relion.x", status, alias="Class2D/50%_& <best>/" if "Class2D" in name else "")
    for maker, file, users in (
        (names[0], "parts_{1}.star", names[1:3]),
        (names[1], "model.star", names[2:3]),
        ("", "my movies/$x~^#.mrc", names[1:2]),
        (names[2], "kept.star", names[3:]),
    ):
        made.add_node(Node(maker + file, "UserFile"))
        if maker:
            made.add_output(maker, maker + file)
        for user in users:
            made.add_input(maker + file, user)
    return made


def test_the_history_of_a_job(graph):
    chart = drawn(graph, "Select/job003/")
    assert [box.name for box in chart.boxes] == ["Import/job001", "Class2D/job002", "Select/job003"]
    assert [box.chosen for box in chart.boxes] == [False, False, True]
    assert [file.text for file in chart.files if not file.outside] == ["parts_{1}.star", "model.star"]
    assert [file.text for file in chart.files if file.outside] == ["my movies/$x~^#.mrc"]
    assert len(chart.lines) == 6
    assert [box.name for box in drawn(graph, "Class2D/job002/", down=True).boxes] == [
        "Class2D/job002",
        "Select/job003",
        "Select/job004",
    ]
    assert len(drawn(graph).boxes) == 4
    tops = {box.name: box.y for box in chart.boxes}
    assert tops["Import/job001"] < tops["Class2D/job002"] < tops["Select/job003"]


def test_nothing_covers_anything_else(graph):
    chart = drawn(graph)
    things = [(box.x, box.y, box.x + box.width, box.y + flowchart.BOX_HEIGHT) for box in chart.boxes]
    half = flowchart.FILE_HEIGHT / 2
    things += [(f.x - f.width / 2, f.y - half, f.x + f.width / 2, f.y + half) for f in chart.files]
    for number, one in enumerate(things):
        assert one[0] >= 0 and one[2] <= chart.width and one[1] >= 0 and one[3] <= chart.height
        for other in things[number + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_svg(graph):
    document = ElementTree.fromstring(flowchart_drawing.svg(drawn(graph, "Select/job003/"), "P: a < b"))
    texts = [text.text for text in document.iter(f"{SVG}text")]
    assert "Class2D/job002" in texts and "50%_& <best> (failed)" in texts and "my movies/$x~^#.mrc" in texts
    assert document.find(f"{SVG}title").text == "P: a < b"
    colours = {rect.get("stroke") for rect in document.iter(f"{SVG}rect")}
    assert {f"#{flowchart_drawing.COLOURS[state]}" for state in ("Succeeded", "Failed", "Scheduled")} <= colours
    width, height = float(document.get("width")), float(document.get("height"))
    for rect in document.iter(f"{SVG}rect"):
        if rect.get("x"):
            assert float(rect.get("x")) >= 0 and float(rect.get("x")) + float(rect.get("width")) <= width + 1
            assert float(rect.get("y")) >= 0 and float(rect.get("y")) + float(rect.get("height")) <= height + 1


def test_tex_is_balanced_and_escaped(graph):
    said = flowchart_drawing.tex(drawn(graph, "Select/job003/"), "P\nQ")
    bare = re.sub(r"\\[_#%&${}\\]", "", said.partition("\n")[2])
    depth = 0
    for sign in bare:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    assert not set("_#&$~^") & set(bare.partition(r"\begin{document}")[2])
    assert bare.count(r"\begin{") == bare.count(r"\end{") == 2
    for part in (r"my movies/\$x\textasciitilde{}\textasciicircum{}\#.mrc", r"parts\_\{1\}.star", r"50\%\_\& <best>"):
        assert part in said, part
    assert said.count(r"\draw[wire,line width") == 6 and said.count(",->]") == 4


def test_a_pdf_needs_latex(graph, tmp_path, monkeypatch):
    if shutil.which("pdflatex"):
        flowchart_drawing.write(tmp_path / "a.pdf", drawn(graph), "P")
        assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UserError, match=r"needs pdflatex, which is not installed; write \.svg"):
        flowchart_drawing.write(tmp_path / "b.pdf", drawn(graph), "P")
    with pytest.raises(UserError, match=r"written as \.svg, \.tex, \.pdf"):
        flowchart_drawing.write(tmp_path / "b.png", drawn(graph), "P")


def test_too_many_jobs():
    made = Graph()
    for number in range(flowchart.MOST_JOBS + 1):
        made.processes[f"T/job{number:03d}/"] = Process(f"T/job{number:03d}/", "relion.x", "Succeeded")
    with pytest.raises(UserError, match="too many for one picture"):
        drawn(made)


def test_the_verb(project, toys, capsys):
    first = project.add(toys.ToyMap(listing="list.txt"), alias="mine")
    project.run(first, quiet=True)
    project.add(toys.ToyLoop(start=f"{first}table.json"))
    assert main(["flowchart", "2"]) == 0
    assert capsys.readouterr().out == "External_job002_flowchart.svg is written\n"
    texts = [text.text for text in ElementTree.parse("External_job002_flowchart.svg").iter(f"{SVG}text")]
    boxes = ["External/job001", "Toy map", "mine (succeeded)", "External/job002", "Toy loop", "scheduled"]
    assert texts == ["table.json", "list.txt", *boxes]
    assert main(["flowchart", "mine", "--down", "--out", "x.tex"]) == 0
    assert "list.txt" not in Path("x.tex").read_text(), "down begins with the job itself"
    assert main(["flowchart"]) == 0
    assert "project_flowchart.svg" in capsys.readouterr().out


@pytest.mark.data
def test_relions_project_as_a_picture(relions, tmp_path):
    relions.flowchart("Class2D/job011", tmp_path / "a.svg")
    texts = [text.text for text in ElementTree.parse(tmp_path / "a.svg").iter(f"{SVG}text")]
    assert "2D classification" in texts and "nosuch.star" in texts and "true_ctf (succeeded)" in texts
