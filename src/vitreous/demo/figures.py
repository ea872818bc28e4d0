"""The page of the demonstration: each step as a picture that a microscopist would look at."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.demo import keys
from vitreous.demo.ending import Verdict
from vitreous.demo.page import Card, page, picture, table
from vitreous.demo.steps import Line, Session
from vitreous.drawing.chart import Axes, Curve, chart, sphere_map
from vitreous.drawing.surface import shaded, threshold_for, without_specks
from vitreous.files import mrc, star
from vitreous.files.picture import montage, png_bytes, to_grey
from vitreous.maths.filters import low_pass2
from vitreous.run.record import duration

SHOWN_SIDE = 768


def whole_page(folders: Mapping[str, Path], session: Session, *, result: Verdict, lines: Sequence[Line]) -> str:
    """The page as HTML text, everything inlined."""
    final = star.read_list(folders["sharpened"] / "postprocess.star", "general")
    count = len(star.read_table(f"{keys.last_root(folders['refined'])}_data.star", "particles"))
    figures = [
        (f"{float(final['rlnFinalResolution']):.1f} Å", "resolution of the halves (FSC 0.143, masked, corrected)"),
        (f"{result.resolution_A:.1f} Å", "agreement with the simulated truth (FSC 0.5)"),
        (f"{result.frame.median_error_deg:.1f}°", "median pose error against the truth"),
        (str(count), "particles in the map"),
        (duration(sum(line.seconds for line in lines)), "of work on this machine"),
    ]
    cards = [
        _steps(lines),
        _micrograph(folders, session),
        _rings(folders),
        _motion(folders, session),
        _classes(folders),
        _fsc(folders, result),
        _slices(result),
        _surface(result, session),
        _views(folders),
    ]
    camera, specimen = session.settings.camera, session.settings.specimen
    text = (
        f"{session.settings.movies} simulated movies of {camera.frames} frames, {camera.width} x {camera.height} pixels of "
        f"{camera.pixel_size_A:g} Å, {camera.dose_e_A2:g} e/Å², of a {specimen.mass_kDa:g} kDa assembly with {specimen.symmetry} "
        "symmetry, carried through every step of vitreous. Nothing on this page knew the truth before the last comparison."
    )
    return page("From movies to a map", text, figures, cards)


def _steps(lines: Sequence[Line]) -> Card:
    rows = [[line.title, duration(line.seconds) if line.seconds else "", line.figure] for line in lines]
    return Card(
        "What was done",
        "Wall-clock time over all runs of this demonstration.",
        table(["Step", "Time", "Key figure"], rows, numbers=[1]),
        wide=True,
    )


def _micrograph(folders: Mapping[str, Path], session: Session) -> Card:
    listed = star.read_table(folders["picked"] / "autopick.star", "coordinate_files")
    name, picks = listed["micrograph"][0], star.read_table(listed["coordinates_file"][0], "coordinates")
    image, pixel = mrc.read_image(name)
    smooth = (
        low_pass2(torch.from_numpy(image)[None], pixel, cutoff_A=20.0)[0].numpy() if image.shape[0] == image.shape[1] else image
    )
    shown = base64.b64encode(png_bytes(to_grey(smooth, side=SHOWN_SIDE))).decode()
    high, wide = image.shape
    radius = session.diameter_A / pixel / 2
    circles = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}"/>'
        for x, y in zip(picks["x_px"].astype(float), picks["y_px"].astype(float))
    )
    body = (
        f'<svg viewBox="0 0 {wide} {high}" role="img" aria-label="micrograph with picks">'
        f'<image width="{wide}" height="{high}" href="data:image/png;base64,{shown}"/>'
        f'<g fill="none" stroke="#4fd8f5" stroke-width="{wide / 400:.1f}">{circles}</g></svg>'
    )
    return Card("A micrograph with its picks", f"{name}, low-passed to 20 Å; {len(picks)} picks.", body)


def _rings(folders: Mapping[str, Path]) -> Card:
    micrographs = star.read_table(folders["focused"] / "micrographs_ctf.star", "micrographs")
    row = micrographs.row(0)
    image, _ = mrc.read_image(row["ctf_image"])
    text = (
        f"Power spectrum beside the fitted rings: defocus {row['defocus_u_A']:.0f} and {row['defocus_v_A']:.0f} Å, "
        f"rings to {row['ctf_resolution_A']:.1f} Å."
    )
    return Card("Thon rings and their fit", text, picture(png_bytes(to_grey(image, low=2, high=99.5)), alt="Thon rings"))


def _motion(folders: Mapping[str, Path], session: Session) -> Card:
    """The drift of the first movie as found, and as simulated."""
    row = star.read_table(folders["aligned"] / "corrected_micrographs.star", "micrographs").row(0)
    name = Path(row["micrograph"]).stem
    pixel = session.settings.camera.pixel_size_A
    curves = []
    for path, word, tokens, dash in (
        (Path(row["micrograph_metadata"]), "found", ("s1", "s2"), ""),
        (Path(session.folder) / "motion" / f"{name}.star", "true", ("s3", "s4"), "5 4"),
    ):
        shifts = star.read(path)["global_shift"]
        for axis, token in zip("XY", tokens):
            values = np.asarray(shifts.columns[f"rlnMicrographShift{axis}"], float) * pixel
            curves.append(Curve(f"{axis.lower()} {word}", np.arange(1, len(values) + 1), values, token, dash))
    spread = [float(np.min([np.min(c.y) for c in curves])) - 1, float(np.max([np.max(c.y) for c in curves])) + 1]
    axes = Axes("frame", "shift (Å)", (1, session.settings.camera.frames), (spread[0], spread[1]))
    return Card(
        "Drift of the first movie", "Shift applied to each frame, relative to the first.", chart(axes, curves, title="drift")
    )


def _classes(folders: Mapping[str, Path]) -> Card:
    last = keys.last_iteration(folders["classified"])
    numbers = star.read_table(f"{last}_data.star", "particles")["class_number"].astype(int)
    averages, _ = mrc.read_stack(f"{last}_classes.mrcs")
    counts = np.bincount(numbers, minlength=len(averages) + 1)[1:]
    order = np.argsort(-counts)
    tiles = np.stack([to_grey(averages[i], low=0.5, high=99.8) for i in order])
    text = f"{len(averages)} classes, the most populated first: {', '.join(str(counts[i]) for i in order)} particles."
    return Card("2D class averages", text, picture(png_bytes(montage(tiles, columns=5)), alt="class averages"))


def _fsc(folders: Mapping[str, Path], result: Verdict) -> Card:
    curves = star.read(folders["sharpened"] / "postprocess.star")["fsc"].columns
    k = np.asarray(curves["rlnResolution"], float)
    names = (
        ("rlnFourierShellCorrelationCorrected", "halves, corrected", "s1", ""),
        ("rlnFourierShellCorrelationUnmaskedMaps", "halves, no mask", "s2", ""),
        ("rlnCorrectedFourierShellCorrelationPhaseRandomizedMaskedMaps", "halves, phases randomised", "s4", "3 3"),
    )
    lines = [
        Curve(name, k, np.asarray(curves[label], float), token, dash) for label, name, token, dash in names if label in curves
    ]
    box = 2 * (len(result.curve) - 1)
    lines.append(Curve("map and truth", np.arange(len(result.curve)) / (box * result.voxel_size_A), result.curve, "s3"))
    axes = Axes("resolution (Å)", "FSC", (0, 0.5 / result.voxel_size_A), (-0.05, 1.0), resolution=True, levels=(0.143, 0.5))
    return Card(
        "Fourier shell correlation", "Dotted lines: 0.143 for halves, 0.5 for the truth.", chart(axes, lines, title="FSC")
    )


def _slices(result: Verdict) -> Card:
    def three(volume: NDArray[np.float32]) -> NDArray[np.uint8]:
        middle = volume.shape[0] // 2
        planes = (_near(volume[middle]), _near(volume[:, middle]), _near(volume[:, :, middle]))
        black, white = np.percentile(volume, [2, 99.9])
        return np.stack([np.clip((p - black) / (white - black) * 255, 0, 255).astype(np.uint8) for p in planes])

    tiles = np.concatenate([three(result.volume), three(result.true_volume)])
    text = "Central slices across z, y and x. Top: the sharpened map, turned into the truth's frame. Bottom: the truth."
    return Card("The map", text, picture(png_bytes(montage(tiles, columns=3)), alt="slices of the map and of the truth"))


def _near(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The middle three quarters of a picture or map, where the particle is."""
    edge = pixels.shape[0] // 8
    return pixels[(slice(edge, -edge),) * pixels.ndim]


def _surface(result: Verdict, session: Session) -> Card:
    tiles = []
    for volume in (result.volume * result.mask, result.true_volume):
        level = threshold_for(volume, voxel_size_A=result.voxel_size_A, mass_kDa=session.settings.specimen.mass_kDa)
        clean = _near(without_specks(volume, threshold=level))
        tiles += [shaded(clean, threshold=level, axis=axis, side=2 * len(clean)) for axis in range(3)]
    text = "The surface that holds the particle's mass, along z, y and x. Top: the map. Bottom: the truth."
    return Card("The surface", text, picture(png_bytes(montage(np.stack(tiles), columns=3)), alt="surface of map and truth"))


def _views(folders: Mapping[str, Path]) -> Card:
    data = star.read_table(f"{keys.last_root(folders['refined'])}_data.star", "particles")
    drawn = sphere_map(data["rot_deg"], data["tilt_deg"], title="angular distribution")
    return Card("Where the views come from", "Each cell covers the same area of the sphere; the darker, the more views.", drawn)
