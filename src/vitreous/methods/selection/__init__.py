"""Which classes, particles or micrographs go on."""
