"""How well select's scores tell the particles of bench/junk.py from its junk.

python bench/junk_scores.py SET CLASSIFICATION --out FOLDER: runs select on the classification (a folder of class2d) of the
set's particles, and prints the area under the curve by class score and by particle score, of each kind of junk, and what a
threshold of 0.5 keeps.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

from betagal import auc
from vitreous.files import star

ALL = ("--by-score", "--least-score", "0", "--by-particle-score", "--least-particle-score", "0")


def main() -> None:
    """Score and compare."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("set", type=Path)
    ask.add_argument("classification")
    ask.add_argument("--out", type=Path, required=True)
    said = ask.parse_args()
    words = ["select", "--model", said.classification, *ALL, "--out", str(said.out)]
    subprocess.run([sys.executable, "-m", "vitreous", *words], check=True, stdout=subprocess.DEVNULL)
    scored = star.read_table(said.out / "particles.star", "particles")
    classes = star.read_table(said.out / "rank_model.star", "model_classes")["class_score"].astype(float)
    kinds = {row["image"]: row["kind"] for row in csv.DictReader((said.set / "kinds.csv").read_text().splitlines())}
    kind = np.array([kinds[name] for name in scored["image"].tolist()])
    good, own = kind == "particle", scored["particle_fom"].astype(float)
    number = scored["class_number"].astype(int) - 1
    purity = np.bincount(number, good, len(classes)) / np.maximum(np.bincount(number, minlength=len(classes)), 1)
    by = {"class score": classes[number], "the truth of classes": purity[number], "particle score": own}
    print(f"{len(kind)} images, AUC", ", ".join(f"{auc(values, good):.3f} by {name}" for name, values in by.items()))
    for one in np.unique(kind):
        mine = kind == one
        told = "" if one == "particle" else f"AUC {auc(own[good | mine], good[good | mine]):.3f}"
        print(f"    {one:10s} {mine.sum():5d} images, {100 * (own[mine] >= 0.5).mean():3.0f} % kept at 0.5  {told}")


if __name__ == "__main__":
    main()
