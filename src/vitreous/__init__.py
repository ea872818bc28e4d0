"""Vitreous: cryo-EM single-particle analysis from movies to map."""

__version__ = "0.1.0"
