"""Bytes to tables and numpy arrays and back; the only room that opens data files."""
