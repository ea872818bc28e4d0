"""Drawings for people: charts, slices of maps, sheets of images, tables as HTML; what a notebook shows and a report holds."""
