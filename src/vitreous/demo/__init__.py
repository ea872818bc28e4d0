"""The demonstration: a simulated session from movies to a map, judged against its truth, and the page that shows it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitreous.demo.chain import run_demo

__all__ = ["run_demo"]


def __getattr__(name: str) -> object:
    """Load the chain on first use, so that its settings can be read without torch."""
    if name == "run_demo":
        from vitreous.demo.chain import run_demo

        return run_demo
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
