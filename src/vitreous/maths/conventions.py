"""The conventions every room obeys, as text and as the constants that tests use; docs/conventions.md explains them.

Images are [y, x], volumes [z, y, x]; the centre is pixel N//2 in real space and index 0 in Fourier space. Transforms are
unnormalised forward, "centred" (phase refers to pixel N//2) and half along x: (..., N, N//2+1). Angles are degrees,
(rot, tilt, psi), A = Rz(psi) Ry(tilt) Rz(rot) with coordinate rotations; the reference point r lands at (A r)_xy and the
image's transform is the slice k3d = A^T (kx, ky, 0). Shifts are in Å (pixels where said) and are what centres the image.
"""

PADDING = 2
"""Padding of a volume for trilinear slices, insertion and reconstruction."""

KAISER_WIDTH = 5
"""Grid points a side that a Kaiser-Bessel sample reads."""

KAISER_PADDING = 1.5
"""Padding of images and volumes for Kaiser-Bessel samples."""

FSC_THRESHOLD = 0.143
"""FSC of independent halves at which the resolution is read."""

FSC_LIMITS = (0.001, 0.999)
"""What an FSC is held within before it becomes a signal-to-noise ratio."""

RANDOMISE_BELOW_FSC = 0.8
"""Unmasked FSC under which phases are randomised to correct for the mask."""

WEIGHT_FLOOR = 1e-3
"""Least weight of a Fourier voxel in a reconstruction without prior, as a part of its shell's mean."""


def centre(box: int) -> int:
    """The pixel that is the origin of a box, odd or even."""
    return box // 2
