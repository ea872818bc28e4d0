"""Prints the OpenAPI description of the window's data, for the front end's types: python -m vitreous.web.openapi."""

import json
import sys
import tempfile

from vitreous.project.project import Project
from vitreous.web.app import create_app


def description() -> str:
    """The OpenAPI description as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        Project.new(f"{folder}/project")
        return json.dumps(create_app(f"{folder}/project").openapi(), indent=1)


if __name__ == "__main__":
    sys.stdout.write(description() + "\n")
