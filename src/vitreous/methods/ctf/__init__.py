"""Defocus, astigmatism and phase shift of a micrograph, from the rings in its power spectrum."""
