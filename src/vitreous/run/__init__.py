"""Carries a job out: folder, units, records, engine."""
