"""A window onto a project directory: pages, their data and acts over HTTP; keeps no truth of its own, and never loads torch."""
