"""Walks 4 to 8: a form opens with the right input, judges what is typed, says what fits, becomes a job, and goes on changed."""

import re

import pytest
from playwright.sync_api import expect
from tests.web.axe import faults

from vitreous.job.as_star import load

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BUSY = 4
"""Times that a busy machine may take for what is promised of one of its own."""
TIMED = """() => {
  const press = (done) => document.querySelector('.form-acts .likely').addEventListener('click', () => done(performance.now()));
  const there = (start) => new Promise((done) => {
    const look = () => (location.pathname.includes('/job/') ? done(performance.now() - start) : setTimeout(look, 2));
    look();
  });
  window.took = new Promise(press).then(there);
}"""
"""Measures in the page the time from the press of Run to the job's address, in ms."""


def themes(*names):
    return pytest.mark.parametrize("page", names, indirect=True)


def opened(page, window, where):
    page.goto(f"{window.base}/p/demo/{where}")
    expect(page.get_by_role("status", name="What it will take")).to_be_visible()


def field(page, label):
    return page.locator("#page").get_by_label(label, exact=True)


@themes("light", "dark")
def test_a_fresh_form_offers_the_newest_extraction_and_tells_what_is_wrong(window, page):
    """Walks 4 (from the form on) and 5."""
    opened(page, window, "new/class2d")
    slot = field(page, "Particles")
    expect(slot).to_contain_text("extracted · job005")
    slot.click()
    offers = page.get_by_role("option")
    expect(offers.first).to_contain_text("job009")
    assert not [text for text in offers.all_inner_texts() if "job004" in text or "job010" in text or "star" not in text]
    page.keyboard.type("selected")
    expect(offers).to_have_count(2)  # the one that holds the word, and a file of this name from outside
    assert not faults(page)
    page.keyboard.press("Enter")
    expect(slot).to_contain_text("selected · job007")
    expect(slot).to_be_focused()

    page.get_by_role("tab", name="Optimisation").click()
    classes = field(page, "Classes")
    classes.fill("abc")
    expect(page.get_by_role("alert")).to_have_text("'abc' is no whole number", timeout=BUSY * 500)
    expect(page.get_by_role("tab", name=re.compile("Optimisation"))).to_contain_text("1")
    run = page.get_by_role("button", name=re.compile("^Run"))
    expect(run).to_have_accessible_description(re.compile("Classes: 'abc' is no whole number"))
    assert not faults(page)
    page.get_by_role("tab", name="I/O").click()
    run.click()
    expect(classes).to_be_focused()
    assert "/new/class2d" in page.url
    classes.fill("20")
    expect(page.get_by_role("alert")).to_have_count(0)


@themes("dark")
def test_what_will_not_fit_is_told_before_and_one_press_makes_it_fit(window, page):
    """Walk 6."""
    opened(page, window, "new/class2d")
    page.get_by_role("tab", name="Place").click()
    field(page, "Workers").fill("64")
    field(page, "Memory").fill("4000")
    verdict = page.locator("[data-verdict]")
    expect(verdict).to_have_text("will not fit")
    assert not faults(page)
    page.get_by_role("button", name=re.compile("^Take ")).click()
    expect(verdict).to_have_text(re.compile("^(fits|tight)$"))


def test_run_leads_to_the_job_with_the_same_values(window, page):
    """Walk 7, on a mask, which takes seconds."""
    opened(page, window, "new/mask-create")
    page.get_by_role("tab", name="Mask").click()
    field(page, "Edge").fill("4")
    expect(page.locator(".form-sentence")).to_contain_text("soft edge of 4 px")
    page.evaluate(TIMED)
    page.get_by_role("button", name=re.compile("^Run")).click()
    page.wait_for_url("**/job/012*")
    took_ms = page.evaluate("window.took")
    assert took_ms < BUSY * 300, f"{took_ms:.0f} ms from the press to the job's address"
    made = load(window.folder / "MaskCreate/job012/job.star").job
    before = load(window.folder / "MaskCreate/job010/job.star").job
    assert (made.creation.edge_px, made.map, made.creation.mass_kDa) == (4, before.map, before.creation.mass_kDa)


@themes("dark")
def test_a_changed_parameter_goes_on_in_place(window, page):
    """Walk 8; and what may not change says why."""
    opened(page, window, "job/006/params")
    expect(field(page, "Particles")).to_be_disabled()
    expect(page.locator("#row-particles")).to_contain_text("copy the job to use another")
    expect(field(page, "Classes")).to_be_enabled()
    opened(page, window, "job/010/params")
    field(page, "Edge").fill("5")
    expect(page.get_by_text("1 changed")).to_be_visible()
    expect(page.locator(".form-stop")).to_contain_text("edge_px was 3, is now 5")
    assert not faults(page)
    page.get_by_role("button", name=re.compile("^Continue now")).click()
    expect(page).to_have_url(re.compile(r"/job/010(/progress|/results.*)?$"))
    assert not (window.folder / "MaskCreate/job012").exists()


def test_settings_are_found_compared_kept_and_linked(window, page):
    opened(page, window, "new/class2d")
    page.keyboard.press("/")
    page.keyboard.type("tau_fudge")
    expect(field(page, "Regularisation")).to_be_visible()
    expect(field(page, "Classes")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Compare with…").click()
    page.get_by_role("menuitem", name="the defaults").click()
    expect(field(page, "Particle diameter")).to_be_visible()
    expect(field(page, "Regularisation")).to_have_count(0)
    page.get_by_role("button", name="End the comparison").click()
    page.get_by_role("tab", name="Optimisation").click()
    expect(field(page, "Mask with zeros")).to_have_count(0)
    page.get_by_role("button", name=re.compile(r"All \d+ settings")).click()
    expect(page.locator("#row-em_iterations")).to_contain_text("needs “Use EM”")
    field(page, "Classes").fill("33")
    sentence = page.locator(".form-sentence")
    expect(sentence).to_contain_text("33 classes")

    opened(page, window, "new/extract")
    opened(page, window, "new/class2d")
    expect(sentence).to_contain_text("33 classes")
    page.get_by_role("tab", name="Optimisation").click()
    expect(field(page, "Mask with zeros")).to_be_visible()
    page.get_by_role("button", name="Begin afresh").click()
    expect(sentence).to_contain_text("20 classes")
    opened(page, window, "new/class2d?v.classes=44&in.particles=Select/job007/particles.star")
    expect(sentence).to_contain_text("44 classes")
    page.get_by_role("tab", name="I/O").click()
    expect(field(page, "Particles")).to_contain_text("selected")


def test_a_list_is_a_scan_and_the_command_can_be_printed(window, page):
    opened(page, window, "new/mask-create?v.edge_px=2,%204,%206")
    expect(page.get_by_role("button", name=re.compile("^Run all 3 jobs"))).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Print command").click()
    expect(page.get_by_role("dialog")).to_contain_text("--out=MaskCreate/job012/")
    assert not faults(page)
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Schedule").click()
    page.wait_for_url("**/compare?a=012&b=013&c=014")
    edges = {load(window.folder / f"MaskCreate/job{number:03d}/job.star").job.creation.edge_px for number in (12, 13, 14)}
    assert edges == {2, 4, 6}


@themes("dark")
def test_a_template_is_made_of_jobs_and_started(window, page):
    page.goto(f"{window.base}/p/demo/settings/templates")
    expect(page.get_by_role("heading", name="No templates yet")).to_be_visible()
    page.get_by_role("button", name="New from jobs").click()
    page.get_by_label("Name").fill("Mask and sharpen")
    page.get_by_label("masked").check()
    page.get_by_label("sharpened").check()
    assert not faults(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Fill 2 blanks…").click()
    expect(field(page, "Map of Mask creation")).to_contain_text("job")
    assert not faults(page)
    page.get_by_role("button", name="Schedule").click()
    page.wait_for_url("**/job/012*")
    assert load(window.folder / "PostProcess/job013/job.star").job.solvent_mask == "MaskCreate/job012/"
