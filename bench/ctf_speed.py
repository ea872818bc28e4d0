"""CTF estimation: CPU seconds for a 4k micrograph, error against known defoci, agreement with CTFFIND 4 on real spectra.

    python bench/ctf_speed.py [--micrographs N]

The micrographs are noise through a CTF (formula written out here), weak signal in strong noise. The real spectra are those of
VITREOUS_TEST_DATA, or of ../shared/data beside the checkout; without them that part is left out.
"""

import argparse
import csv
import os
import time
from pathlib import Path

import numpy as np

from vitreous.files import mrc
from vitreous.methods.ctf import fit, spectrum
from vitreous.methods.ctf.rings import Microscope
from vitreous.methods.ctf.settings import CtfSearch

SIZE, PIXEL_A = 4096, 0.9


def micrograph(generator: np.random.Generator, u: float, v: float, angle: float) -> np.ndarray:
    """White noise through the CTF of 300 kV and 2.7 mm, plus four times as much white noise."""
    wavelength = 0.0196876
    ky = np.fft.fftfreq(SIZE, PIXEL_A)[:, None]
    kx = np.fft.rfftfreq(SIZE, PIXEL_A)[None, :]
    k2 = kx**2 + ky**2
    defocus = (u + v) / 2 + (u - v) / 2 * np.cos(2 * (np.arctan2(ky, kx) - np.deg2rad(angle)))
    chi = np.pi * wavelength * defocus * k2 - np.pi / 2 * 2.7e7 * wavelength**3 * k2**2 + np.arcsin(0.1)
    ice = np.fft.irfft2(np.fft.rfft2(generator.normal(size=(SIZE, SIZE))) * np.sin(chi) * np.exp(-15 * k2), s=(SIZE, SIZE))
    return (0.25 * ice / ice.std() + generator.normal(size=(SIZE, SIZE))).astype(np.float32)


def real_spectra() -> None:
    """Our fits beside CTFFIND's, for the ten spectra of the RELION tutorial."""
    places = (os.environ.get("VITREOUS_TEST_DATA"), Path(__file__).resolve().parents[2] / "shared" / "data")
    folder = next((Path(p) / "betagal_particles" for p in places if p and (Path(p) / "betagal_particles").is_dir()), None)
    if folder is None:
        print("real spectra: not here")
        return
    print("real spectrum      mean defocus Å: ours, CTFFIND 4    difference   resolution Å: ours, CTFFIND 4")
    differences = []
    with (folder / "ctf_truth.csv").open() as stream:
        for row in csv.DictReader(stream):
            picture, pixel = mrc.read_image(folder / "power_spectra" / f"{row['micrograph']}_frameImage_PS.mrc")
            found = fit.fit(
                spectrum.from_power_spectrum(picture, pixel), microscope=Microscope(200, 1.4, 0.1), search=CtfSearch()
            )
            truth = (float(row["truth_defocusU"]) + float(row["truth_defocusV"])) / 2
            ours = found.astigmatism.mean_A
            differences.append(ours - truth)
            rings = f"{found.resolution_A:10.2f} {float(row['truth_maxres']):10.2f}"
            print(f"{row['micrograph']:20} {ours:15.0f} {truth:11.0f} {ours - truth:15.0f} {rings}")
    print(f"largest difference {np.abs(differences).max():.0f} Å")


def main() -> None:
    """Time and judge the fits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--micrographs", type=int, default=5)
    given = parser.parse_args()
    generator = np.random.default_rng(1)
    print(f"{SIZE} x {SIZE} micrographs at {PIXEL_A} Å; errors in Å and degrees")
    print("CPU s   mean defocus   error   its estimate   astigmatism   error   angle error")
    for _ in range(given.micrographs):
        mean, difference, angle = generator.uniform(7000, 28000), generator.uniform(100, 800), generator.uniform(-90, 90)
        image = micrograph(generator, mean + difference / 2, mean - difference / 2, angle)
        start = time.process_time()
        found = fit.estimate(image, PIXEL_A, microscope=Microscope(300, 2.7, 0.1), search=CtfSearch())
        cpu = time.process_time() - start
        made = found.astigmatism
        turn = abs((made.angle_deg - angle + 90) % 180 - 90)
        print(
            f"{cpu:5.2f} {mean:14.0f} {made.mean_A - mean:7.1f} {found.error_A:14.1f} {difference:13.0f} "
            f"{made.difference_A - difference:7.1f} {turn:13.1f}"
        )
    real_spectra()


if __name__ == "__main__":
    main()
