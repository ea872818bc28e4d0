"""Draws a flowchart: as SVG, as TikZ for LaTeX, and as PDF where pdflatex is installed."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.project.flowchart import BOX_HEIGHT, FILE_HEIGHT, SMALL, TITLE, Box, Chart, File, chart
from vitreous.project.graph_model import Graph, Process
from vitreous.project.history import title_of
from vitreous.project.layout import Layout
from vitreous.project.state import has_died

COLOURS = {
    "Running": "1565c0",
    "Scheduled": "78909c",
    "Succeeded": "2e7d32",
    "Failed": "c62828",
    "Aborted": "b26a00",
    "Died": "c62828",
}
INK, DIM, LINE, PAPER = "212529", "5f6b76", "8d9aa6", "eef2f5"
TEX_LONGEST_PT = 14000.0
PT_OF_POINT = 0.75
FORMATS = (".svg", ".tex", ".pdf")
_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", **{c: f"\\{c}" for c in "_#%&${}"}}

Points = Sequence[tuple[float, float]]


def draw(layout: Layout, graph: Graph, name: str, path: Path, *, down: bool = False) -> None:
    """Draw the history of a job (down: what became of it), or without a name the whole project."""

    def status_of(process: Process) -> str:
        return "Died" if has_died(layout, process) else process.status

    made = chart(graph, name, down=down, title_of=title_of, status_of=status_of)
    write(path, made, f"{layout.root.resolve().name}: {name or 'all jobs'}")


def write(path: Path, made: Chart, heading: str) -> None:
    """Write a chart in the format of the file's ending."""
    if path.suffix not in FORMATS:
        raise UserError(f"{path}: a flowchart is written as {', '.join(FORMATS)}")
    if path.suffix == ".svg":
        atomic.write_text(path, svg(made, heading))
    elif path.suffix == ".tex":
        atomic.write_text(path, tex(made, heading))
    else:
        _write_pdf(path, tex(made, heading))


def svg(chart: Chart, heading: str) -> str:
    """The chart as an SVG document."""
    size = f'width="{chart.width:.0f}" height="{chart.height:.0f}" viewBox="0 0 {chart.width:.0f} {chart.height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Helvetica, Arial, sans-serif">',
        f"<title>{escape(heading)}</title>",
        f'<defs><marker id="tip" markerWidth="9" markerHeight="9" refX="8" refY="4.5" orient="auto">'
        f'<path d="M0,0.8 L8,4.5 L0,8.2 z" fill="#{LINE}"/></marker></defs>',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<g fill="none" stroke="#{LINE}" stroke-width="1.5">',
        *(_svg_line(points, tipped=tipped) for points, tipped in chart.lines),
        "</g>",
        *(_svg_file(file) for file in chart.files),
        *(_svg_box(box) for box in chart.boxes),
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _svg_line(points: Points, *, tipped: bool) -> str:
    parts = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        bend = (y1 - y0) / 2
        parts.append(f"C{x0:.1f},{y0 + bend:.1f} {x1:.1f},{y1 - bend:.1f} {x1:.1f},{y1:.1f}")
    return f'<path d="{" ".join(parts)}"{" marker-end=" + chr(34) + "url(#tip)" + chr(34) if tipped else ""}/>'


def _svg_file(file: File) -> str:
    dashes = ' stroke-dasharray="3 2"' if file.outside else ""
    left, top = file.x - file.width / 2, file.y - FILE_HEIGHT / 2
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{file.width:.1f}" height="{FILE_HEIGHT}" '
        f'rx="10" fill="#{PAPER}" stroke="#{LINE}" stroke-width="0.8"{dashes}/>'
        f'<text x="{file.x:.1f}" y="{file.y + 3.8:.1f}" font-size="{SMALL}" fill="#{DIM}" text-anchor="middle">'
        f"{escape(file.text)}</text>"
    )


def _svg_box(box: Box) -> str:
    colour = COLOURS.get(box.status, DIM)
    fill, stroke = (f"#{colour}", 2.4) if box.chosen else (f"#{colour}", 1.3)
    back = f'fill="{fill}" fill-opacity="{0.16 if box.chosen else 0.05}" stroke="{fill}" stroke-width="{stroke}"'
    place = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{BOX_HEIGHT}"'
    rows = (
        (box.name, 18, TITLE, INK, ' font-weight="bold"'),
        (box.title, 33, SMALL, INK, ""),
        (box.below, 47, SMALL, colour, ""),
    )
    texts = (
        f'<text x="{box.x + 16:.1f}" y="{box.y + down:.1f}" font-size="{size}" fill="#{ink}"{how}>{escape(text)}</text>'
        for text, down, size, ink, how in rows
    )
    strip = f'<rect x="{box.x + 5:.1f}" y="{box.y + 8:.1f}" width="4" height="{BOX_HEIGHT - 16}" rx="2" fill="{fill}"/>'
    return f'<rect {place} rx="6" fill="white"/><rect {place} rx="6" {back}/>{strip}{"".join(texts)}'


def tex(chart: Chart, heading: str) -> str:
    """The chart as a LaTeX document of one page, drawn with TikZ."""
    scale = min(PT_OF_POINT, TEX_LONGEST_PT / max(chart.height, chart.width, 1.0))
    named = {**COLOURS, "dim": DIM, "wire": LINE, "paper": PAPER}
    colours = [rf"\definecolor{{{name.lower()}}}{{HTML}}{{{value.upper()}}}" for name, value in named.items()]
    wide, high = chart.width * scale, chart.height * scale
    lines = [
        f"% {heading}".replace("\n", " "),
        r"\documentclass{article}",
        r"\usepackage[T1]{fontenc}",
        rf"\usepackage[paperwidth={wide:.1f}pt,paperheight={high:.1f}pt,margin=0pt]{{geometry}}",
        r"\usepackage{tikz}",
        r"\renewcommand{\familydefault}{\sfdefault}",
        *colours,
        r"\pagestyle{empty}\parindent=0pt\topskip=0pt",
        r"\begin{document}",
        rf"\begin{{tikzpicture}}[x={scale:.4f}pt,y=-{scale:.4f}pt,inner sep=0pt,overlay,remember picture,>=latex,"
        "shift={(current page.north west)}]",
        *(_tex_line(points, tipped=tipped) for points, tipped in chart.lines),
        *(_tex_file(file, scale) for file in chart.files),
        *(_tex_box(box, scale) for box in chart.boxes),
        r"\end{tikzpicture}",
        r"\end{document}",
        "",
    ]
    return "\n".join(lines)


def _tex_line(points: Points, *, tipped: bool) -> str:
    parts = [f"({points[0][0]:.1f},{points[0][1]:.1f})"]
    for (x0, y0), (x1, y1) in pairwise(points):
        bend = (y1 - y0) / 2
        parts.append(f".. controls ({x0:.1f},{y0 + bend:.1f}) and ({x1:.1f},{y1 - bend:.1f}) .. ({x1:.1f},{y1:.1f})")
    return rf"\draw[wire,line width=0.9pt{',->' if tipped else ''}] {' '.join(parts)};"


def _tex_text(text: str, size: float) -> str:
    return rf"\fontsize{{{size:.1f}}}{{{size * 1.2:.1f}}}\selectfont " + "".join(_TEX.get(c, c) for c in text)


def _tex_file(file: File, scale: float) -> str:
    left, top = file.x - file.width / 2, file.y - FILE_HEIGHT / 2
    frame = rf"\draw[wire,fill=paper,rounded corners={FILE_HEIGHT / 2 * scale:.1f}pt{',dashed' if file.outside else ''}]"
    shape = f"({left:.1f},{top:.1f}) rectangle ({left + file.width:.1f},{top + FILE_HEIGHT:.1f});"
    return rf"{frame} {shape} \node[text=dim] at ({file.x:.1f},{file.y:.1f}) {{{_tex_text(file.text, SMALL * scale)}}};"


def _tex_box(box: Box, scale: float) -> str:
    colour = box.status.lower() if box.status in COLOURS else "dim"
    fill, line = (16, 1.8) if box.chosen else (5, 1.0)
    right, bottom = box.x + box.width, box.y + BOX_HEIGHT
    rows = (
        (rf"\bfseries {_tex_text(box.name, TITLE * scale)}", 14, "black"),
        (_tex_text(box.title, SMALL * scale), 29, "black"),
        (_tex_text(box.below, SMALL * scale), 43, colour),
    )
    frame = rf"\draw[{colour},fill={colour}!{fill}!white,line width={line}pt,rounded corners={6 * scale:.1f}pt]"
    texts = "".join(
        rf" \node[anchor=west,text={ink}] at ({box.x + 16:.1f},{box.y + down:.1f}) {{{text}}};" for text, down, ink in rows
    )
    strip = rf" \fill[{colour}] ({box.x + 5:.1f},{box.y + 8:.1f}) rectangle ({box.x + 9:.1f},{bottom - 8:.1f});"
    return f"{frame} ({box.x:.1f},{box.y:.1f}) rectangle ({right:.1f},{bottom:.1f});{strip}{texts}"


def _write_pdf(path: Path, document: str) -> None:
    program = shutil.which("pdflatex")
    if program is None:
        raise UserError(f"{path}: a PDF needs pdflatex, which is not installed; write .svg, or .tex for another machine")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "chart.tex").write_text(document, encoding="utf-8")
        for _ in range(2):  # the place on the page is known in the second run only
            ran = subprocess.run(
                [program, "-interaction=nonstopmode", "-halt-on-error", "chart.tex"], cwd=folder, capture_output=True, check=False
            )
        made = Path(folder) / "chart.pdf"
        if ran.returncode or not made.is_file():
            said = next(
                (line for line in ran.stdout.decode(errors="replace").splitlines() if line.startswith("!")), "no reason given"
            )
            raise UserError(f"{path}: pdflatex could not make it ({said}); write .svg instead")
        atomic.write_bytes(path, made.read_bytes())
