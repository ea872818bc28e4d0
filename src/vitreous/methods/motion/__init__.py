"""Beam-induced motion of a movie: found, undone, and the frames summed by what the exposure has left of them."""
