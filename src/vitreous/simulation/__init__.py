"""Specimens to micrographs, movies and particles with a known truth."""
