"""The command `vitreous web`: opens the window on a project directory and prints its address."""

import argparse
import os
from pathlib import Path

import uvicorn

from vitreous.web.app import create_app


def main(arguments: list[str]) -> int:
    """Serve the project of a directory until interrupted; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="vitreous web", description="Open the window on a project directory.", allow_abbrev=False
    )
    parser.add_argument("project", nargs="?", default=".", metavar="DIR", help="project directory [default: this one]")
    parser.add_argument("--port", type=int, default=8014, help="port on this machine [default 8014]")
    said = parser.parse_args(arguments)
    os.chdir(Path(said.project))
    uvicorn.run(create_app("."), host="127.0.0.1", port=said.port, log_level="warning")
    return 0
