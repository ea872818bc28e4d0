"""A histogram as a one-page PDF, drawn with PDF's own strokes and its standard font: nothing else is needed."""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vitreous.files import atomic

WIDTH, HEIGHT = 480, 320
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 40, 50
TICKS = 6


def write_histogram(path: str | Path, middles: ArrayLike, counts: ArrayLike, *, title: str, x_name: str) -> None:
    """Bars of counts over the even bins' middles, with the axis below and the highest count at the side."""
    x, y = np.asarray(middles, np.float64), np.asarray(counts, np.float64)
    step = float(x[1] - x[0]) if len(x) > 1 else 1.0
    low, high, top = float(x[0]) - step / 2, float(x[-1]) + step / 2, max(float(y.max()), 1.0)
    across = (WIDTH - LEFT - RIGHT) / (high - low)
    up = (HEIGHT - TOP - BOTTOM) / top
    drawn = ["0.35 0.5 0.75 rg"]
    for middle, count in zip(x, y):
        drawn.append(f"{LEFT + (middle - step / 2 - low) * across:.2f} {BOTTOM} {0.92 * step * across:.2f} {count * up:.2f} re f")
    drawn += ["0 g 0.8 w", f"{LEFT} {BOTTOM} m {WIDTH - RIGHT} {BOTTOM} l S", f"{LEFT} {BOTTOM} m {LEFT} {HEIGHT - TOP} l S"]
    for value in np.linspace(low, high, TICKS):
        place = LEFT + (value - low) * across
        drawn += [f"{place:.2f} {BOTTOM} m {place:.2f} {BOTTOM - 4} l S", _text(f"{value:.4g}", place - 10, BOTTOM - 16)]
    drawn += [_text(f"{top:.0f}", 8, HEIGHT - TOP - 4), _text(x_name, WIDTH / 2 - 40, 14), _text(title, LEFT, HEIGHT - 22, 12)]
    atomic.write_bytes(path, _document("\n".join(drawn)))


def _text(words: str, x: float, y: float, size: int = 9) -> str:
    safe = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F1 {size} Tf {x:.2f} {y:.2f} Td ({safe}) Tj ET"


def _document(content: str) -> bytes:
    """A PDF of one page with this content stream."""
    stream = content.encode("cp1252", errors="replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R "
        f"/Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return made + head + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
