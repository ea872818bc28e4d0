"""A project directory and what lives in it."""
