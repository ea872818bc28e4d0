"""What axe finds wrong with the page that a tab shows: each fault with the elements that have it."""

from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
RUN = """() => axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations.map(
  (one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 4).map((node) => node.html.slice(0, 160)).join(' | ')}`))"""


def faults(page: Any) -> list[str]:
    """The faults that axe finds, in words; none for a page that all can use."""
    assert SOURCE.is_file(), "axe-core is not installed: npm ci in frontend/"
    page.evaluate(SOURCE.read_text())
    found: list[str] = page.evaluate(RUN)
    return found
