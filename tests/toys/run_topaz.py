"""A stand-in for an External picker as RELION's documentation describes one: dark spots stand for particles."""

import argparse
import time
from pathlib import Path

import numpy as np

from vitreous.files import mrc, star


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--o", type=Path, required=True)
    parser.add_argument("--in_mics", required=True)
    parser.add_argument("--threshold", type=float, default=0.0)
    parser.add_argument("--denoise_first", action="store_true")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--j", type=int, default=1)
    said = parser.parse_args()
    for name in star.read_table(said.in_mics, "micrographs")["micrograph"]:
        until = time.monotonic() + said.seconds
        while time.monotonic() < until or (said.o / "RELION_JOB_ABORT_NOW").exists():
            if (said.o / "RELION_JOB_ABORT_NOW").exists():
                (said.o / "RELION_JOB_ABORT_NOW").unlink()
                (said.o / "RELION_JOB_EXIT_ABORTED").touch()
                return
            time.sleep(0.05)
        image, _ = mrc.read_image(name)
        rows = np.argwhere(image < image.mean() - said.threshold * image.std())
        path = said.o / Path(*Path(name).parts[2:]).with_suffix("")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{x:.1f} {y:.1f}\n" for y, x in rows)
        Path(f"{path}_topaz.star").write_text(f"data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n{lines}\n")
    (said.o / "coords_suffix_topaz.star").write_text(f"{said.in_mics}\n")
    head = "data_output_nodes\n\nloop_\n_rlnPipeLineNodeName #1\n_rlnPipeLineNodeType #2\n"
    (said.o / "RELION_OUTPUT_NODES.star").write_text(f"{head}{said.o}/coords_suffix_topaz.star 2\n")
    (said.o / "RELION_JOB_EXIT_SUCCESS").touch()


if __name__ == "__main__":
    main()
