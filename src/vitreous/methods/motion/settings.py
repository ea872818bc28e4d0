"""What may be chosen when a movie is corrected for motion; no torch here."""

from vitreous.param import param, settings


@settings
class Alignment:
    """How the frames are aligned: whole, then in patches."""

    bfactor_px2: float = param(
        150.0, unit="px²", low=0, high=1500, step=50, minimum=0, relion="bfactor",
        usual=True,
        help="Correlations are damped by exp(-2 B f²), f in cycles per original pixel: large for noisy movies.",
    )  # fmt: skip
    patches_x: int = param(
        1, low=1, high=10, step=1, minimum=1, maximum=50, relion="patch_x",
        usual=True,
        help="Patches along x for local motion. 1 x 1 leaves it out; 5 x 5 is usual for a large detector.",
    )  # fmt: skip
    patches_y: int = param(
        1, low=1, high=10, step=1, minimum=1, maximum=50, relion="patch_y",
        usual=True,
        help="Patches along y for local motion.",
    )  # fmt: skip
    group_frames: int = param(
        1, low=1, high=5, step=1, minimum=1, relion="group_frames",
        help="Frames summed before they are aligned, for very thin exposures. Shifts are interpolated back to frames.",
    )  # fmt: skip
    bin_factor: float = param(
        1.0, low=1, high=2, step=1, minimum=1, maximum=16, relion="bin_factor",
        usual=True,
        help="Bin the sum this much by Fourier cropping: 2 for super-resolution movies. It need not be whole.",
    )  # fmt: skip
    max_shift_px: float = param(
        50.0, unit="px", low=10, high=200, step=10, minimum=1,
        help="Largest shift of a frame that is looked for.",
    )  # fmt: skip


@settings
class Exposure:
    """How much the specimen was exposed, and how the frames are weighted for it."""

    first_frame: int = param(
        1, low=1, high=32, step=1, minimum=1, relion="first_frame_sum",
        help="First frame of the sum, counted from 1. Frames before it count as exposure.",
    )  # fmt: skip
    last_frame: int = param(
        -1, low=-1, high=32, step=1, relion="last_frame_sum",
        help="Last frame of the sum; 0 or less means the last of the movie.",
    )  # fmt: skip
    dose_per_frame_e_A2: float = param(
        1.0, unit="e/Å2", low=0, high=5, step=0.2, minimum=0, relion="dose_per_frame",
        usual=True,
        help="Exposure of one frame (of one fraction, for EER).",
    )  # fmt: skip
    pre_exposure_e_A2: float = param(
        0.0, unit="e/Å2", low=0, high=5, step=0.5, minimum=0, relion="pre_exposure",
        usual=True,
        help="Exposure before the first recorded frame.",
    )  # fmt: skip
    eer_grouping: int = param(
        32, low=1, high=100, step=1, minimum=1, relion="eer_grouping",
        help="Hardware frames that make one fraction of an EER movie; 0.5 to 1.25 e/Å2 a fraction is usual.",
    )  # fmt: skip
    dose_weighting: bool = param(
        True, relion="do_dose_weighting",
        usual=True,
        help="Weight each frequency of each frame by what radiation damage has left of it.",
    )  # fmt: skip


@settings
class SavedSums:
    """What is written beside the corrected micrograph."""

    save_unweighted: bool = param(
        False, when="dose_weighting", relion="do_save_noDW|save_noDW",
        help="Also write the sum without dose weighting, as <name>_noDW.mrc.",
    )  # fmt: skip
    save_spectrum: bool = param(
        True, relion="do_save_ps|save_ps",
        help="Also write the power spectrum of short sums, as <name>_PS.mrc, for the CTF fit.",
    )  # fmt: skip
    spectrum_dose_e_A2: float = param(
        4.0, unit="e/Å2", low=0, high=10, step=0.5, minimum=0, when="save_spectrum", relion="group_for_ps",
        help="Exposure of the short sums whose spectra are added up; about 4 gives the clearest rings.",
    )  # fmt: skip
    half_precision: bool = param(
        False, relion="do_float16",
        usual=True,
        help="Write micrographs as 16-bit floats (MRC mode 12), half the size. RELION 3 cannot read them.",
    )  # fmt: skip


@settings
class Gain:
    """How the gain reference lies over the frames."""

    gain_rotation_deg: str = param(
        "0", choices=("0", "90", "180", "270"), unit="°", relion="gain_rot",
        relion_values={
            "0": "No rotation (0)", "90": "90 degrees (1)", "180": "180 degrees (2)", "270": "270 degrees (3)",
        },
        usual=True,
        help="Rotation of the gain reference before it is applied: clockwise with its first row at the top.",
    )  # fmt: skip
    gain_flip: str = param(
        "none", choices=("none", "upside down", "left to right"), relion="gain_flip",
        relion_values={
            "none": "No flipping (0)", "upside down": "Flip upside down (1)", "left to right": "Flip left to right (2)",
        },
        usual=True,
        help="Flip of the gain reference, after the rotation.",
    )  # fmt: skip
