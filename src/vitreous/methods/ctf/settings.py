"""What may be chosen when a CTF is fitted: search ranges, resolution band, box; no torch here."""

from vitreous.param import param, settings


@settings
class CtfSearch:
    """Where to look for the defocus, and which part of the spectrum to fit."""

    box: int = param(
        512, unit="px", low=64, high=1024, step=8, minimum=64, maximum=4096, relion="box",
        help="Side of the averaged spectrum that is fitted. Larger boxes resolve the narrow rings of a high defocus.",
    )  # fmt: skip
    min_resolution_A: float = param(
        30.0, unit="Å", low=10, high=200, step=10, minimum=1, relion="resmin",
        usual=True,
        help="Rings at a lower resolution than this are not fitted.",
    )  # fmt: skip
    max_resolution_A: float = param(
        5.0, unit="Å", low=1, high=20, step=1, minimum=0.5, relion="resmax",
        usual=True,
        help="Rings at a higher resolution than this are not fitted.",
    )  # fmt: skip
    min_defocus_A: float = param(
        5000.0, unit="Å", low=0, high=25000, step=1000, relion="dfmin",
        usual=True,
        help="Lowest defocus tried; positive is under focus.",
    )  # fmt: skip
    max_defocus_A: float = param(
        50000.0, unit="Å", low=20000, high=100000, step=1000, relion="dfmax",
        usual=True,
        help="Highest defocus tried.",
    )  # fmt: skip
    defocus_step_A: float = param(
        500.0, unit="Å", low=200, high=2000, step=100, minimum=1, relion="dfstep",
        help="Widest step of the first search; a finer one is taken where the rings ask for it.",
    )  # fmt: skip
    astigmatism_A: float = param(
        100.0, unit="Å", low=0, high=2000, step=100, relion="dast",
        help="Expected size of the astigmatism: a soft restraint. A negative value lifts the restraint.",
    )  # fmt: skip
    exhaustive: bool = param(
        False, relion="slow_search",
        help="Search strong astigmatism (differences of up to 10,000 Å) too, and refine from more starting points.",
    )  # fmt: skip
    window_px: int = param(
        -1, unit="px", low=-16, high=4096, step=16, relion="ctf_win",
        help="Use only a central square of this side; the whole micrograph if negative.",
    )  # fmt: skip
    fit_phase: bool = param(
        False, relion="do_phaseshift", tab="Phase plate",
        usual=True,
        help="Also fit a phase shift, as a phase plate makes.",
    )  # fmt: skip
    min_phase_deg: float = param(
        0.0, unit="°", low=0, high=180, when="fit_phase", relion="phase_min", tab="Phase plate",
        usual=True,
        help="Lowest phase shift tried.",
    )  # fmt: skip
    max_phase_deg: float = param(
        180.0, unit="°", low=0, high=180, when="fit_phase", relion="phase_max", tab="Phase plate",
        usual=True,
        help="Highest phase shift tried.",
    )  # fmt: skip
    phase_step_deg: float = param(
        10.0, unit="°", low=1, high=30, minimum=0.1, when="fit_phase", relion="phase_step", tab="Phase plate",
        help="Step of the first search over phase shifts.",
    )  # fmt: skip
