"""Curves and histograms as small SVG pictures that follow the page's colours; no plotting library is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT = 520, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 40


@dataclass(frozen=True)
class Curve:
    """One line: its name in the legend, x and y of equal length, and its colour token (s1 to s5)."""

    name: str
    x: ArrayLike
    y: ArrayLike
    token: str = "s1"
    dash: str = ""


@dataclass(frozen=True)
class Axes:
    """The frame of a chart. resolution marks x as 1/Å and labels it in Å above 1/Å."""

    x_name: str
    y_name: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    resolution: bool = False
    levels: tuple[float, ...] = ()

    def x(self, value: float) -> float:
        """Picture x of a data x."""
        low, high = self.x_range
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Picture y of a data y."""
        low, high = self.y_range
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def chart(axes: Axes, curves: Sequence[Curve], *, title: str) -> str:
    """A line chart as an <svg> element with its legend below; points that are not finite break a line."""
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">', *_frame(axes)]
    parts += [_line(axes, curve) for curve in curves]
    parts.append("</svg>")
    keys = "".join(f'<span><i style="border-color:var(--{c.token})"></i>{escape(c.name)}</span>' for c in curves if c.name)
    return "".join(parts) + (f'<div class="legend">{keys}</div>' if keys else "")


def _line(axes: Axes, curve: Curve) -> str:
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    low, high = axes.y_range
    inside = np.isfinite(x) & np.isfinite(y) & (x >= axes.x_range[0]) & (x <= axes.x_range[1])
    pieces, pen = [], "M"
    for xi, yi, good in zip(x, np.clip(y, low, high), inside):
        if good:
            pieces.append(f"{pen}{axes.x(xi):.1f} {axes.y(yi):.1f}")
        pen = "L" if good else "M"
    dash = f' stroke-dasharray="{curve.dash}"' if curve.dash else ""
    return f'<path d="{"".join(pieces)}" fill="none" stroke="var(--{curve.token})" stroke-width="1.8"{dash}/>'


def _ticks(low: float, high: float, count: int = 6) -> NDArray[np.float64]:
    """Round numbers that cover a range."""
    rough = (high - low) / max(count - 1, 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min((m for m in (1, 2, 2.5, 5, 10) if m * power >= rough), default=10)
    # Adding zero turns a negative zero into a plain one.
    return np.asarray(np.round(np.arange(np.ceil(low / step), high / step + 1e-9) * step, 12) + 0.0)


def _frame(axes: Axes) -> list[str]:
    bottom = HEIGHT - BOTTOM
    parts = []
    for value in _ticks(*axes.y_range):
        y = axes.y(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value, label in _x_labels(axes):
        x = axes.x(value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" class="grid"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{label}</text>')
    for level in axes.levels:
        parts.append(f'<path d="M{LEFT} {axes.y(level):.1f}H{WIDTH - RIGHT}" class="level"/>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(axes.x_name)}</text>')
    parts.append(
        f'<text transform="translate(11 {(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">{escape(axes.y_name)}</text>'
    )
    return parts


def _x_labels(axes: Axes) -> list[tuple[float, str]]:
    low, high = axes.x_range
    if not axes.resolution:
        return [(float(v), f"{v:g}") for v in _ticks(low, high)]
    marks = (100, 50, 20, 10, 8, 6, 5, 4, 3.5, 3, 2.5, 2)
    labels = [(1 / a, f"{a:g}") for a in marks if low < 1 / a <= high]
    shown: list[tuple[float, str]] = []
    for value, label in labels:
        if not shown or axes.x(value) - axes.x(shown[-1][0]) > 26:
            shown.append((value, label))
    return shown


def sphere_map(rot_deg: ArrayLike, tilt_deg: ArrayLike, *, title: str) -> str:
    """Where the views come from: a 2D histogram of rot against tilt in equal-area bins, darker where more."""
    rot, height = np.asarray(rot_deg, float), np.cos(np.radians(np.asarray(tilt_deg, float)))
    counts, _, _ = np.histogram2d((rot + 180) % 360 - 180, height, bins=(36, 18), range=((-180, 180), (-1, 1)))
    axes = Axes("rot (°)", "cos(tilt)", (-180, 180), (-1, 1))
    peak = max(counts.max(), 1)
    wide, high = axes.x(10) - axes.x(0), axes.y(0) - axes.y(1 / 9)
    cells = [
        f'<rect x="{axes.x(-180 + 10 * i):.1f}" y="{axes.y(-1 + (j + 1) / 9):.1f}" width="{wide:.2f}" height="{high:.2f}" '
        f'fill="var(--s1)" fill-opacity="{counts[i, j] / peak:.2f}"/>'
        for i in range(36)
        for j in range(18)
        if counts[i, j]
    ]
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
    return head + "".join(cells) + "".join(_frame(axes)) + "</svg>"
