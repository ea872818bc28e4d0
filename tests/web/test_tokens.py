"""The colours of both themes: contrast as window.md promises it, and states and series apart for colour-blind eyes."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

TOKENS = Path(__file__).parents[2] / "frontend/src/styles/tokens.css"
Colour = NDArray[np.float64]

# Machado, Oliveira and Fernandes 2009, full strength, on linear light.
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
STATES = ("run", "done", "ask", "fail", "stop", "idle")
SERIES = ("s1", "s2", "s3", "s4", "s5")
TEXT = ("ink", "ink-2", "ink-3", "mark", *STATES)
LINES = ("line-strong", "focus", *SERIES)


def themes() -> dict[str, dict[str, str]]:
    """The colours of each theme as they stand in the file; dark ones over light ones."""
    blocks = re.findall(r":root(\[data-theme=\"dark\"\])?\s*\{(.*?)\n\}", TOKENS.read_text(), re.S)
    found = {"dark" if dark else "light": dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body)) for dark, body in blocks}
    return {"light": found["light"], "dark": {**found["light"], **found["dark"]}}


THEMES = themes()


def linear(colour: str) -> Colour:
    """Linear light of a colour #rrggbb."""
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    light = sorted((float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other)), reverse=True)
    return (light[0] + 0.05) / (light[1] + 0.05)


def lab(light: Colour) -> Colour:
    """CIE L*a*b* of linear sRGB under D65."""
    matrix = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    xyz = matrix @ np.clip(light, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def closest(names: tuple[str, ...], colours: dict[str, str]) -> float:
    """The distance (CIE76) of the two that are closest for the worst of the three kinds of colour blindness."""
    found = []
    for matrix in BLIND.values():
        seen = {name: lab(np.array(matrix) @ linear(colours[name])) for name in names}
        found += [float(np.linalg.norm(seen[one] - seen[other])) for one, other in combinations(names, 2)]
    return min(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_read_on_every_ground(theme: str) -> None:
    colours = THEMES[theme]
    for ground in ("surface", "ground", "raised"):
        low = {name: round(contrast(colours[name], colours[ground]), 2) for name in TEXT}
        assert not {name: ratio for name, ratio in low.items() if ratio < 4.5}, f"on {ground}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_states_are_read_on_their_washes(theme: str) -> None:
    colours = THEMES[theme]
    for state in STATES:
        assert contrast(colours[state], colours[f"{state}-wash"]) >= 4.5 or state == "idle", state
        assert contrast(colours["ink"], colours[f"{state}-wash"]) >= 4.5
        assert contrast(colours["ink-2"], colours[f"{state}-wash"]) >= 4.5
    assert contrast(colours["mark-ink"], colours["mark"]) >= 4.5 and contrast(colours["ink"], colours["mark-wash"]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_and_curves_are_seen(theme: str) -> None:
    colours = THEMES[theme]
    assert not {name for name in LINES if contrast(colours[name], colours["surface"]) < 3}


def test_wells_are_alike_in_both_themes() -> None:
    for name in ("well", "well-ink"):
        assert THEMES["light"][name] == THEMES["dark"][name]
    assert contrast(THEMES["light"]["well-ink"], THEMES["light"]["well"]) > 13
    assert contrast("#4fd8f5", THEMES["light"]["well"]) > 10


@pytest.mark.parametrize(("theme", "states", "series"), [("light", 16, 24), ("dark", 24, 25)])
def test_states_and_series_differ_for_colour_blind_eyes(theme: str, states: float, series: float) -> None:
    assert closest(STATES, THEMES[theme]) > states - 1
    assert closest(SERIES, THEMES[theme]) > series - 1
