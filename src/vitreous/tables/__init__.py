"""The metadata that flows: rows, columns, units."""
