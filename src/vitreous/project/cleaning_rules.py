"""What a gentle and a harsh clean take from a job folder, by job type, as data; the table of RELION's pipeliner."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

NO_HARSH_CLEAN = "NO_HARSH_CLEAN"
"""A file of this name in a job folder protects it from every harsh clean."""

ITERATION = re.compile(r"^(?P<root>run(?:_ct(?P<continued>\d+))?_it(?P<iteration>\d+))_.+")
"""Files of one iteration: run_it012_data.star, run_ct5_it012_model.star, run_ct123_it130_exact.npz."""

WHOLE = "_data.star"
"""The file that an iteration has when it is one that counts."""


@dataclass(frozen=True)
class Rule:
    """What goes: patterns at the top of the job folder, patterns anywhere in its sub-directories, whole sub-directories,
    and all iterations but the last. Hidden files and directories never go."""

    top: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    folders: bool = False
    iterations: bool = False

    @property
    def takes_nothing(self) -> bool:
        """Whether there is nothing to clean in a job of this type."""
        return not (self.top or self.inside or self.folders or self.iterations)


@dataclass(frozen=True)
class Cleaning:
    """The two rules of one job type."""

    gentle: Rule = Rule()
    harsh: Rule = Rule()


_ITERATIONS = Rule(iterations=True)
_GCTF = Rule(top=("gctf*.out", "gctf*.err"), folders=True)
_CORRELATIONS = Rule(inside=("*.spi",))
_FITS = Rule(
    inside=(
        "*_wAcc_optics-group*.mrc",
        "*_xyAcc_optics-group*.mrc",
        *(f"*_aberr-{part}_optics-group_*.mrc" for part in ("Axx", "Axy", "Ayy", "bx", "by")),
        "*_mag_optics-group_*.mrc",
        "*_fit.star",
        "*_fit.eps",
    )
)
_FRAMES = ("*_FCC_cc.mrc", "*_FCC_w0.mrc", "*_FCC_w1.mrc")

CLEANING: Mapping[str, Cleaning] = {
    "relion.motioncorr": Cleaning(Rule(inside=("*.com", "*.err", "*.out", "*.log")), Rule(folders=True)),
    "relion.ctffind": Cleaning(_GCTF, _GCTF),
    "relion.autopick": Cleaning(_CORRELATIONS, _CORRELATIONS),
    "relion.extract": Cleaning(Rule(inside=("*_extract.star",)), Rule(folders=True)),
    "relion.class2d": Cleaning(_ITERATIONS, _ITERATIONS),
    "relion.class3d": Cleaning(_ITERATIONS, _ITERATIONS),
    "relion.refine3d": Cleaning(_ITERATIONS, _ITERATIONS),
    "relion.initialmodel": Cleaning(_ITERATIONS, _ITERATIONS),
    "relion.multibody": Cleaning(_ITERATIONS, Rule(top=("analyse_component???_bin???.mrc",), iterations=True)),
    "relion.ctfrefine": Cleaning(_FITS, _FITS),
    "relion.polish": Cleaning(Rule(inside=_FRAMES), Rule(inside=(*_FRAMES, "*_shiny.mrcs", "*_shiny.star"))),
    "relion.subtract": Cleaning(Rule(), Rule(top=("subtracted.*",))),
}
"""By RELION's label of the type, its varieties (relion.class2d.em) included; a type that is not here has nothing to clean."""


def rule_of(label: str, *, harsh: bool) -> Rule:
    """The rule of a job's label."""
    found = CLEANING.get(".".join(label.split(".")[:2]), Cleaning())
    return found.harsh if harsh else found.gentle
