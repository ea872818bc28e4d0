"""Particles out of micrographs: windows, scale, background."""
