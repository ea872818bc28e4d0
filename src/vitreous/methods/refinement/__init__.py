"""The one expectation-maximisation engine for 2D, 3D, classes and auto-refine, on polar Fourier samples."""
