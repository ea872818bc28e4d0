"""Where the particles are: from a micrograph to coordinates."""
