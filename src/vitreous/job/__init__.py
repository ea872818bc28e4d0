"""The language in which a job is declared, and what derives from a declaration."""
