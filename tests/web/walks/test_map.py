"""The map viewer in a browser: coarse, then whole; the right hand; a sphere that becomes a mask; without WebGL."""

import json
import re
import time
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from playwright.sync_api import expect
from scipy import ndimage
from tests.web.axe import faults

from vitreous.files import mrc
from vitreous.jobs.mask_create import MaskCreate
from vitreous.project.project import Project

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MAP = "PostProcess/job011/postprocess.mrc"
VOXEL_A = 256 / 112
WHOLE = '.volume-detail[data-state="full"]'
TURNED = "() => Math.abs(Number(new URL(location.href).searchParams.get('eye')?.split(',')[0])) > 0.4"
SAID = """(x) => {
  const said = new URL(location.href).searchParams;
  return said.get('view') === 'slices' && said.get('at')?.startsWith(x) && !said.get('eye').startsWith('0,0,0,1');
}"""
NO_WEBGL = """
const given = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind === 'webgl2' ? null : given.call(this, kind, ...more);
};
"""
BOTH_THEMES = pytest.mark.parametrize("page", ["light", "dark"], indirect=True)


def opened(page: Any, window: Any, path: str, **asked: str) -> None:
    """Open a map, and wait until all of it is drawn."""
    tail = "".join(f"&{name}={value}" for name, value in asked.items())
    page.goto(f"{window.base}/p/demo/view?path={path}{tail}")
    expect(page.locator(WHOLE)).to_be_visible(timeout=30000)


def bright(page: Any, where: str) -> list[tuple[float, float, int]]:
    """Bright spots of a picture: place right and up from its middle, from -1 to 1, and dots; the largest first."""
    picture = imagecodecs.png_decode(page.locator(where).screenshot())[..., :3].mean(-1)
    labels, count = ndimage.label(picture > 120)
    high, wide = picture.shape
    found = []
    for n in range(1, count + 1):
        rows, columns = np.nonzero(labels == n)
        found.append((2 * columns.mean() / wide - 1, 1 - 2 * rows.mean() / high, len(rows)))
    return sorted(found, key=lambda one: -one[2])


@BOTH_THEMES
def test_a_map_comes_coarse_then_whole_with_threshold_by_key_and_the_resolution_of_the_file(window: Any, page: Any) -> None:
    page.goto(f"{window.base}/p/demo/job/011")
    expect(page.locator(WHOLE)).to_have_text(re.compile("full 112³"), timeout=30000)
    marks = page.evaluate(
        "['volume-open','volume-first','volume-full'].map((name) => performance.getEntriesByName(name)[0]?.startTime)"
    )
    assert marks[0] < marks[1] < marks[2] < marks[0] + 10_000
    assert int(page.locator(".volume-surface").get_attribute("data-triangles")) > 10_000
    sigma = page.get_by_role("spinbutton", name="Threshold in sigma")
    before = float(sigma.input_value())
    page.locator(".volume-surface").focus()
    page.keyboard.press("=")
    expect(sigma).to_have_value(f"{before + 0.2:.2f}")
    page.keyboard.press("-")
    page.keyboard.press("-")
    expect(sigma).to_have_value(f"{before - 0.2:.2f}")
    text = Path(MAP).with_name("postprocess.star").read_text()
    resolution = float(re.search(r"_rlnFinalResolution\s+(\S+)", text)[1])
    expect(page.locator(".volume-fsc [role=group]")).to_have_attribute("aria-label", re.compile(f"marked: {resolution:.3g} Å"))
    expect(page.locator(".volume-side")).to_contain_text("320 kDa stated by MaskCreate/job010")
    assert not faults(page)


def test_what_lies_along_x_y_and_z_is_seen_there(window: Any, page: Any, project: Path) -> None:
    values = np.zeros((48, 48, 48), np.float32)
    values[20:29, 20:29, 32:41] = 1.0
    values[22:27, 33:38, 22:27] = 1.0
    mrc.write_volume(project / "corners.mrc", values, pixel_size_A=2.0)
    opened(page, window, "corners.mrc", view="surface")
    large, small = bright(page, ".volume-surface")[:2]
    assert large[0] > 0.15
    assert abs(large[1]) < 0.1
    assert small[1] > 0.15
    assert abs(small[0]) < 0.1
    page.get_by_role("button", name="More of the view").click()
    page.get_by_role("menuitem", name="From x").click()
    page.wait_for_function(TURNED)
    facing = bright(page, ".volume-surface")
    assert abs(facing[0][0]) < 0.1  # the large one, on x, stands in front of the middle
    assert facing[1][0] > 0.15  # y runs to the right
    page.keyboard.press("v")
    page.keyboard.press("v")
    page.locator(".volume-slice canvas").first.focus()
    page.keyboard.press("PageUp")
    expect(page.locator(".volume-slice figcaption").first).to_have_text("Z 25 50.0 Å")
    expect(page.locator(".volume-slice canvas").first).to_have_attribute("data-plane", "25")


def test_the_address_shows_another_person_the_same(window: Any, page: Any) -> None:
    opened(page, window, MAP)
    page.locator(".volume-surface").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("v")
    page.locator(".volume-slice canvas").first.focus()
    page.keyboard.press("ArrowRight")
    x = f"{57 * VOXEL_A:.2f}"
    page.wait_for_function(SAID, arg=x)
    eye = page.evaluate("new URL(location.href).searchParams.get('eye')")
    page.reload()
    expect(page.get_by_role("button", name="Slices", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".volume-slice figcaption").nth(2)).to_contain_text("X 57")
    assert page.evaluate("new URL(location.href).searchParams.get('eye')") == eye


def boxes(page: Any) -> list[float]:
    """x, y, z and radius as the boxes say them."""
    return [float(page.get_by_role("spinbutton", name=name, exact=True).input_value()) for name in ("x", "y", "z", "radius")]


@BOTH_THEMES
def test_a_sphere_at_the_cross_is_dragged_read_in_angstrom_and_becomes_a_mask(window: Any, page: Any, project: Path) -> None:
    opened(page, window, MAP)
    slice_z = page.locator(".volume-slice canvas").first
    slice_z.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "PageDown"):
        page.keyboard.press(key)
    page.keyboard.press("o")
    assert boxes(page) == pytest.approx([58 * VOXEL_A, 57 * VOXEL_A, 55 * VOXEL_A, 35], abs=0.006)
    expect(page.get_by_label("Focus sphere and mask")).to_contain_text("Centred: 4.6, 2.3, −2.3 Å")
    box = slice_z.bounding_box()
    dots_per_A = min(box["width"], box["height"]) / (112 * VOXEL_A)
    x, y = box["x"] + box["width"] / 2 + 4, box["y"] + box["height"] / 2 + 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y - 30, steps=4)
    page.mouse.up()
    moved = boxes(page)
    assert moved[:3] == pytest.approx([58 * VOXEL_A + 20 / dots_per_A, 57 * VOXEL_A + 30 / dots_per_A, 55 * VOXEL_A], abs=0.02)
    page.keyboard.press("Control+z")
    assert boxes(page)[0] == pytest.approx(58 * VOXEL_A, abs=0.006)
    page.keyboard.press("Control+Shift+z")
    assert boxes(page) == moved
    radius = page.get_by_role("spinbutton", name="radius", exact=True)
    radius.fill("40")
    radius.press("Enter")
    page.get_by_role("checkbox", name="preview").check()
    expect(page.get_by_role("region", name="Shown")).to_contain_text("preview at half size")
    assert not faults(page)
    page.get_by_role("button", name="Save as mask").click()
    link = page.get_by_role("link", name="Open it")
    expect(link).to_be_visible()
    folder = project / "MaskCreate" / f"job{link.get_attribute('href')[-3:]}"
    until = time.monotonic() + 60
    while not (folder / "RELION_JOB_EXIT_SUCCESS").exists() and time.monotonic() < until:
        page.wait_for_timeout(200)
    mask, voxel_A = mrc.read_volume(folder / "mask.mrc")
    core = np.argwhere(mask == 1)
    assert core.mean(0)[::-1] * voxel_A == pytest.approx(moved[:3], abs=1)
    assert len(core) * voxel_A**3 == pytest.approx(4 / 3 * np.pi * 40**3, rel=0.05)
    assert json.loads((folder / "answer.json").read_text())["shapes"][0]["radius_A"] == 40


def test_a_job_that_asks_for_a_mask_is_answered_with_the_keyboard(window: Any, page: Any, project: Path) -> None:
    name = Project.open(".").add(MaskCreate(map=MAP, ask=True))
    number = re.search(r"(\d+)/?$", name)[1]
    page.goto(f"{window.base}/p/demo/job/{number}/answer")
    expect(page.locator(WHOLE)).to_be_visible(timeout=30000)
    page.locator(".volume-surface").focus()
    page.keyboard.press("o")
    expect(page.get_by_role("button", name="Save answer")).to_be_enabled()
    assert not faults(page)
    page.locator(".volume-surface").focus()
    page.keyboard.press("s")
    expect(page.get_by_role("link", name="Open it")).to_be_visible()
    answer = json.loads((project / name / "answer.json").read_text())
    assert answer["shapes"][0]["x_A"] == pytest.approx(56 * VOXEL_A, abs=0.006)


def test_without_webgl_slices_and_sums_work(window: Any, page: Any) -> None:
    page.add_init_script(NO_WEBGL)
    page.goto(f"{window.base}/p/demo/view?path={MAP}")
    expect(page.get_by_text("Slices and sums only: this browser draws no surfaces")).to_be_visible()
    canvas = page.locator(".volume-slice canvas").first
    expect(canvas).to_have_attribute("data-plane", "56")
    page.get_by_role("button", name="Sums").click()
    expect(canvas).to_have_attribute("data-plane", "sum")
    assert not faults(page)


def test_two_maps_side_by_side_by_turns_and_subtracted(window: Any, page: Any) -> None:
    half1, half2 = "Refine3D/job009/run_half1_class001_unfil.mrc", "Refine3D/job009/run_half2_class001_unfil.mrc"
    opened(page, window, half1, **{"with": half2})
    expect(page.get_by_role("button", name="Side by side")).to_be_visible()
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator(".volume-panes span")).to_have_count(2)
    page.locator(".volume-surface").focus()
    page.keyboard.press("b")
    expect(page.get_by_role("button", name="Blink", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Settings of run_half1").click()
    page.get_by_role("button", name="Difference").click()
    page.get_by_role("menuitem").first.click()
    expect(page.locator(".volume-detail")).to_have_text("blue where it is more, orange where it is less")
    expect(page.get_by_role("slider", name="Threshold of the difference in sigma")).to_be_visible()
    assert not faults(page)
