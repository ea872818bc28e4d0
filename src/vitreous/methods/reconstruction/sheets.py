"""What images add to a reconstruction: CTF-weighted transforms at their places on a plane, a distorted one or an Ewald sphere."""

from collections.abc import Iterator

import torch
from torch import Tensor

from vitreous.maths.ctf import CtfParams, ctf2d, ctf_at
from vitreous.maths.fourier import rfft2, shift2
from vitreous.maths.grids import indices2
from vitreous.maths.kernels.backproject import insert
from vitreous.maths.kernels.scatter import scatter
from vitreous.methods.reconstruction.ewald import Ewald
from vitreous.methods.reconstruction.particles import PosedParticles
from vitreous.methods.reconstruction.settings import Reconstruction
from vitreous.methods.straight import Optics

TOGETHER = 16  # images whose places are listed one by one

Sums = tuple[Tensor, Tensor]
"""Data (P, P, P//2+1) and weights of a volume's padded transform."""

Bent = tuple[Tensor, Tensor, Tensor]
"""Places (n, p, 3) in frequencies of the image, values (n, p) and weights (n, p) there."""


def add_images(
    sums: Sums, particles: PosedParticles, rows: Tensor, images: Tensor, *, settings: Reconstruction, mates: Tensor, r_max: float
) -> None:
    """Add images (n, N, N) of these rows at all symmetry mates (m, 3, 3) of their poses to the sums, in place."""
    for number, part in _groups(particles, rows):
        optics = particles.optics[number]
        if not settings.ewald and not optics.distorts:
            these = images[part.to(images.device)]
            slices, weights = weighted_slices(particles, rows[part], these, optics=optics, correct_ctf=settings.correct_ctf)
            for operator in mates:
                poses = (particles.rotations[rows[part]] @ operator).to(images.device)
                insert(*sums, slices, weights, poses, r_max, padding=settings.padding)
            continue
        for few in part.split(TOGETHER):
            _add_bent(
                sums, particles, rows[few], images[few.to(images.device)], optics=optics, settings=settings, mates=mates,
                r_max=r_max,
            )  # fmt: skip


def _groups(particles: PosedParticles, rows: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Each optics group among some rows, and the places of its rows."""
    member = particles.group_of(rows)
    for number in torch.unique(member).tolist():
        yield number, torch.nonzero(member == number)[:, 0]


def weighted_slices(
    particles: PosedParticles, rows: Tensor, images: Tensor, *, optics: Optics, correct_ctf: bool
) -> tuple[Tensor, Tensor]:
    """Centred transforms (n, N, N//2+1) of images of one undistorted group, times the CTF; and the CTF squared."""
    box = images.shape[-1]
    ft = _demodulated(particles, rows, images, optics)
    if not correct_ctf or particles.ctf is None:
        return ft, torch.ones(ft.shape, dtype=torch.float32, device=ft.device)
    ctf = ctf2d(particles.ctf[rows].to(ft.device), box, particles.pixel_size_A)
    return (ft if particles.premultiplied else ft * ctf), ctf * ctf


def _demodulated(particles: PosedParticles, rows: Tensor, images: Tensor, optics: Optics) -> Tensor:
    """Half transforms of images moved to their centres, the phases of odd aberrations taken off."""
    box = images.shape[-1]
    ft = shift2(rfft2(images), particles.shifts_A[rows] / particles.pixel_size_A, box)
    return ft * optics.demodulation(box, particles.pixel_size_A, recorded=True).to(ft) if optics.aberrant else ft


def _distorted(ft: Tensor, optics: Optics, ctf: CtfParams | None, pixel_size_A: float, *, premultiplied: bool) -> Bent:
    """Half transforms (n, N, N//2+1) of a distorted group: pixel k is the specimen's M k, and so is its CTF."""
    box = ft.shape[-2]
    kx, ky = (k.expand(box, box // 2 + 1) for k in indices2(box))
    at = torch.nonzero(((kx > 0) | (ky >= 0)) & (kx < box / 2) & (ky.abs() < box / 2), as_tuple=True)
    x, y = optics.undistorted(kx[at], ky[at])
    values = ft[:, at[0].to(ft.device), at[1].to(ft.device)]
    places = torch.stack([x, y, torch.zeros_like(x)], 1).expand(len(ft), -1, 3)
    if ctf is None:
        return places, values, torch.ones(values.shape, device=ft.device)
    step = 1.0 / (box * pixel_size_A)
    transfer = ctf_at(ctf, (x * step).to(ft.device), (y * step).to(ft.device))
    return places, values if premultiplied else values * transfer, transfer * transfer


def _add_bent(
    sums: Sums, particles: PosedParticles, rows: Tensor, images: Tensor, *, optics: Optics, settings: Reconstruction,
    mates: Tensor, r_max: float,
) -> None:  # fmt: skip
    """Add a few images of one group point by point: with a magnification matrix, or on the Ewald sphere."""
    ft = _demodulated(particles, rows, images, optics)
    ctf = particles.ctf[rows].to(ft.device) if particles.ctf is not None and settings.correct_ctf else None
    if settings.ewald and ctf is not None:
        sphere = Ewald(settings.ewald_diameter_A / particles.pixel_size_A, reverse=settings.reverse_curvature)
        places, values, weights = sphere.of(ft, optics, ctf, particles.pixel_size_A)
    else:
        places, values, weights = _distorted(
            ft, optics, ctf, particles.pixel_size_A, premultiplied=particles.premultiplied
        )  # fmt: skip
    for operator in mates:
        turned = particles.rotations[rows] @ operator
        points = (settings.padding * torch.einsum("npi,nij->npj", places, turned)).to(ft.device, torch.float32)
        scatter(*sums, points, values, weights, reach=r_max * settings.padding)
