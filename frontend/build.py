"""Builds the window's pages into src/vitreous/web/static: python frontend/build.py, with the Python that has vitreous.

Packages of npm as the lock names them, the front end's types from the server's description, then the pages.
"""

import sys

from node import HERE, run

from vitreous.web.openapi import description

INSTALLED = HERE / "node_modules" / ".installed"
LOCK = HERE / "package-lock.json"


def main() -> int:
    """Build; gives the exit code of the first step that fails, else 0."""
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        code = run("ci", "--no-audit", "--no-fund", "--silent")
        if code:
            return code
        INSTALLED.touch()
    (HERE / "src" / "api" / "openapi.json").write_text(description() + "\n")
    return run("run", "--silent", "types") or run("run", "--silent", "build", "--", "--logLevel", "warn")


if __name__ == "__main__":
    sys.exit(main())
