"""A 2D classification set out: images checked, choices, schedule; and images of some rows as pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.context import QUIET, Context, UserError
from vitreous.maths import masks
from vitreous.methods.particles import ctf_to_model, faults, pixel_size_of, said_of_all
from vitreous.methods.refinement import prepare
from vitreous.methods.refinement.ahead import file_ranks
from vitreous.methods.refinement.prepare import Images
from vitreous.methods.refinement.scale2d import Scales
from vitreous.methods.refinement.schedule import Turn, turns
from vitreous.methods.refinement.settings import Class2DSettings
from vitreous.methods.refinement.state import Poses
from vitreous.tables.table import Table

LEAST_FEATURES, FIRST_FEATURES = 6.0, 11.5  # of the particle's diameter
FIRST_A = 20.0
TOLD_AT_MOST = 20


@dataclass(frozen=True)
class Groups:
    """Images that share a contrast, those of a micrograph: names in rising order, the group of each row, and their sizes."""

    names: tuple[str, ...]
    of_row: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @staticmethod
    def of(particles: Table) -> "Groups":
        """By the names of groups, where the table has them, or of micrographs; all rows in one group where it has neither."""
        column = next((name for name in ("group_name", "micrograph") if name in particles), "")
        if not column:
            return Groups(("group",), np.zeros(len(particles), np.int64), np.array([len(particles)]))
        place: dict[str, int] = {}
        met = np.fromiter((place.setdefault(name, len(place)) for name in particles[column].tolist()), np.int64, len(particles))
        names = sorted(place)
        rank = np.empty(len(names), np.int64)
        rank[[place[name] for name in names]] = np.arange(len(names))
        of_row = rank[met]
        return Groups(tuple(map(str, names)), of_row, np.bincount(of_row))


@dataclass(frozen=True)
class Problem:
    """Images, choices and their schedule: what every step needs and none changes."""

    images: Images
    settings: Class2DSettings
    schedule: Sequence[Turn]
    given: Poses
    groups: Groups
    ranks: NDArray[np.int64] | None
    """Places of the images in the order of the files; None: rows are in that order."""
    bad: dict[int, str] = field(default_factory=dict)
    """Rows whose images were read and cannot be used, with the reason."""
    batches: list[int] = field(default_factory=list)
    """How many images went through the E step together, as it was told."""

    def usable(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows less those known to be bad, in the order in which their images lie in files."""
        rows = rows[~np.isin(rows, list(self.bad))] if self.bad else rows
        return rows if self.ranks is None else rows[np.argsort(self.ranks[rows])]

    def factors(self, rows: NDArray[np.int64], scales: Scales) -> NDArray[np.float64] | None:
        """The contrast of these rows' groups; None where it is not asked for."""
        return scales.factors[self.groups.of_row[rows]] if self.settings.classification.correct_scale else None

    @property
    def radius_px(self) -> float:
        """Radius of the particle."""
        return _radius_px(self.settings, self.images.box, self.images.pixel_size_A)

    @property
    def largest_shell(self) -> int:
        """The last shell that may be scored."""
        box, limit = self.images.box, self.settings.classification.resolution_limit_A
        nyquist = (box - 1) // 2
        return nyquist if limit <= 0 else max(3, min(nyquist, round(box * self.images.pixel_size_A / limit)))

    @property
    def first_shells(self) -> int:
        """Shells of the first turns: coarser ones have hardly any contrast, finer ones hardly any signal."""
        box, pixel = self.images.box, self.images.pixel_size_A
        wanted = min(FIRST_FEATURES * box / (2 * self.radius_px), box * pixel / FIRST_A)
        return min(self.largest_shell, max(self.least_shells, round(wanted)))

    @property
    def least_shells(self) -> int:
        """Shells of features of an eighth or so of the particle, in which no class may vanish."""
        return min(self.largest_shell, max(6, round(LEAST_FEATURES * self.images.box / (2 * self.radius_px))))

    @property
    def support_px(self) -> float:
        """Radius within which references are not zero."""
        return min(self.radius_px + 4.0, self.images.box / 2)


def _radius_px(settings: Class2DSettings, box: int, pixel_size_A: float) -> float:
    return min(settings.classification.particle_diameter_A / pixel_size_A / 2, box / 2 - 1)


def problem(source: ImageSource, particles: Table, settings: Class2DSettings, context: Context = QUIET) -> Problem:
    """Check the input and set it out. particles: one row an image, with CTF columns and optics."""
    count = len(particles)
    pixel = pixel_size_of(particles)
    if len(source) != count:
        raise UserError(f"{len(source)} images for {count} rows of the particle table")
    box = int(source.read(np.array([0], np.int64)).shape[-1])
    if box < 16:
        raise UserError(f"images of {box} pixels are too small to classify; 32 is a sensible least box")
    chosen = settings.classification
    if chosen.use_em == chosen.use_mini_batches:
        raise UserError("choose one of expectation-maximisation (use_em) and mini-batches (use_mini_batches)")
    ctf = ctf_to_model(particles, wanted=settings.ctf.correct_ctf)
    groups = particles.get("optics_group", 1)
    radius = _radius_px(settings, box, pixel)
    edge = min(5.0, box / 2 - radius)
    images = Images(
        source=source,
        ctf=ctf,
        group=np.unique(groups, return_inverse=True)[1].astype(np.int64),
        pixel_size_A=pixel,
        mask=masks.disc(box, radius, max(edge, 1.0)).float(),
        with_zeros=chosen.mask_with_zeros,
        intact_first_peak=settings.ctf.ignore_ctf_until_first_peak,
        seed=context.seed_for("outside the mask"),
        phase_flipped=said_of_all(particles, "ctf_phase_flipped"),
    )
    return Problem(images, settings, turns(chosen, count), _given(particles, pixel), Groups.of(particles), file_ranks(particles))


def _given(particles: Table, pixel_size_A: float) -> Poses:
    """Poses of the input; zeros where it has none."""
    empty = Poses.empty(len(particles))
    origin = np.stack([particles.get("origin_x_A", 0.0), particles.get("origin_y_A", 0.0)], 1).astype(float) / pixel_size_A
    return replace(empty, psi_deg=particles.get("psi_deg", 0.0).astype(float), origin_px=origin)


@dataclass(frozen=True)
class Pixels:
    """Images (n, N, N) of those rows (n,) that can be used, unmasked and masked."""

    rows: NDArray[np.int64]
    whole: torch.Tensor
    masked: torch.Tensor


def pixels(
    setup: Problem, rows: NDArray[np.int64], poses: Poses, mean_norm: float, *, raw: NDArray[np.float32] | None = None
) -> Pixels:
    """Images of these rows, moved and scaled by what is known of them; bad ones are left out and entered in setup.bad.

    raw (n, N, N): the images where they have been read already.
    """
    images = setup.images
    raw = np.asarray(images.source.read(rows) if raw is None else raw, np.float32)
    found = faults(raw)
    if found:
        setup.bad.update({int(rows[at]): why for at, why in found.items()})
        kept = np.setdiff1d(np.arange(len(rows)), list(found))
        rows, raw = rows[kept], raw[kept]
    origins = np.rint(poses.origin_px[rows]).astype(np.int64)
    if not len(rows):
        return Pixels(rows, torch.zeros(raw.shape), torch.zeros(raw.shape))
    return Pixels(rows, *prepare.pixels(images, raw, rows, origins=origins, scale=mean_norm / poses.norm[rows]))


def tell_batch(setup: Problem, size: int, need_GB: float, context: Context) -> None:
    """A line for the memory plan when it changes: how many images go together, and what that takes."""
    if setup.batches[-1:] != [size]:
        setup.batches.append(size)
        context.note(f"batches of {size} images, {need_GB:.2f} GB of the {context.memory_GB:.3g} GB allowed")


def tell_bad(setup: Problem, told: int, context: Context) -> None:
    """A line for each bad image found since `told` were known, up to a number of lines."""
    for number, (row, why) in enumerate(list(setup.bad.items())[told:], start=told):
        if number < TOLD_AT_MOST:
            context.note(f"row {row + 1} of the particles is set aside: the image {why}")
        elif number == TOLD_AT_MOST:
            context.note("and more are set aside")
