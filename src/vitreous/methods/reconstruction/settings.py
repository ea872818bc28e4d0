"""What may be chosen when a map is reconstructed, masked and post-processed; no torch here."""

from vitreous.param import param, settings


@settings
class Reconstruction:
    """How posed particles become a map."""

    symmetry: str = param(
        "C1",
        relion="sym_name",
        usual=True,
        help="Point group, as C1, C4, D2, T, O, I1 to I4; poses are repeated by its operators.",
    )
    padding: int = param(
        2, minimum=1, maximum=3, high=3, step=1,
        help="The Fourier transform is sampled this many times more finely than the box asks for.",
    )  # fmt: skip
    correct_ctf: bool = param(True, help="Weight by the CTF and divide by its square. Off: images are taken as they are.")
    wiener: bool = param(
        True,
        help="Damp the final map where the half maps disagree (a Wiener filter from their FSC). Off: plain division by the "
        "weights, of which none is taken below a thousandth of its shell's mean. Half maps are always plain.",
    )  # fmt: skip
    gridding: int = param(
        1, minimum=0, high=20, step=1,
        help="Iterations that even out the density of views in Fourier space. 0: each voxel is divided by its own weight. 1: by "
        "the mean weight around it, which brings out most where views are few. 10: as even as it gets.",
    )  # fmt: skip
    mask_diameter_A: float = param(
        -1.0, unit="Å", low=-1, high=1000, step=10,
        usual=True,
        help="Diameter of the sphere in which the half maps are compared; negative: as large as the box holds.",
    )  # fmt: skip
    max_resolution_A: float = param(
        -1.0, unit="Å", low=-1, high=50, step=1,
        usual=True,
        help="Finer detail is left out; negative: everything up to Nyquist.",
    )  # fmt: skip
    ewald: bool = param(
        False,
        help="Correct for the curvature of the Ewald sphere: for large particles at high resolution (284 Å at 2 Å and 300 kV). "
        "The images' boxes must hold what defocus spreads.",
    )  # fmt: skip
    ewald_diameter_A: float = param(
        -1.0, unit="Å", low=-1, high=1000, step=10, when="ewald",
        help="Diameter of the particle, for the correction.",
    )  # fmt: skip
    reverse_curvature: bool = param(
        False, when="ewald", help="Curve the other way: better than without only if the map has the wrong hand."
    )


@settings
class MaskCreation:
    """How a map becomes a solvent mask."""

    low_pass_A: float = param(
        15.0, unit="Å", low=10, high=100, step=5, relion="lowpass_filter",
        help="The map is low-passed to this resolution before the threshold; not at all if negative or 0.",
    )  # fmt: skip
    voxel_size_A: float = param(
        -1.0, unit="Å", low=-1, high=5, step=0.1, relion="angpix",
        help="Voxel size of the map; negative: as in its header.",
    )  # fmt: skip
    threshold: float = param(
        0.02, low=0, high=0.5, step=0.01, relion="inimask_threshold", when="threshold_given",
        usual=True,
        help="Density from which on a voxel belongs to the mask.",
    )  # fmt: skip
    threshold_given: bool = param(
        True,
        usual=True,
        help="Use the threshold given. Off: it is found from the mass, or, if none is given, from the noise in the corners.",
    )  # fmt: skip
    mass_kDa: float = param(
        0.0, unit="kDa", low=0, high=5000, step=50, minimum=0,
        usual=True,
        help="Mass of the particle for a threshold that is not given: the mask's core gets 1.2 times its volume. 0: unknown.",
    )  # fmt: skip
    extend_px: float = param(
        3.0, unit="px", low=0, high=20, step=1, relion="extend_inimask",
        usual=True,
        help="The region above the threshold grows by this much on all sides; a negative value shrinks it.",
    )  # fmt: skip
    edge_px: float = param(
        3.0, unit="px", low=0, high=20, step=1, minimum=0, relion="width_mask_edge",
        usual=True,
        help="Width of the raised-cosine edge outside the grown region.",
    )  # fmt: skip


@settings
class Sharpening:
    """How half maps become a sharpened map and a resolution."""

    voxel_size_A: float = param(
        -1.0, unit="Å", low=-1, high=5, step=0.1, relion="angpix",
        help="Voxel size of the half maps, if it was calibrated anew; negative: as in their header.",
    )  # fmt: skip
    auto_bfactor: bool = param(
        True, relion="do_auto_bfac", tab="Sharpen",
        usual=True,
        help="Fit the B-factor to the map's own amplitudes (Guinier plot; wants detail finer than 10 Å).",
    )  # fmt: skip
    fit_from_A: float = param(
        10.0, unit="Å", low=8, high=15, step=0.5, minimum=0.1, relion="autob_lowres", when="auto_bfactor", tab="Sharpen",
        usual=True,
        help="Lowest resolution of the fitted line.",
    )  # fmt: skip
    fit_to_A: float = param(
        0.0, unit="Å", low=0, high=10, step=0.5, minimum=0, when="auto_bfactor", tab="Sharpen",
        help="Highest resolution of the fitted line; 0: as far as there is signal.",
    )  # fmt: skip
    use_bfactor: bool = param(
        False, relion="do_adhoc_bfac", tab="Sharpen",
        usual=True,
        help="Apply the B-factor given below, where none is fitted.",
    )  # fmt: skip
    bfactor_A2: float = param(
        -1000.0, unit="Å2", low=-2000, high=0, step=50, relion="adhoc_bfac", when="use_bfactor", tab="Sharpen",
        usual=True,
        help="B-factor of your own; negative values sharpen.",
    )  # fmt: skip
    use_mtf: bool = param(True, relion="do_mtf", tab="Sharpen", help="Divide by the detector's MTF, if its file is given.")
    mtf_pixel_size_A: float = param(
        1.0, unit="Å", low=0.3, high=3, step=0.1, minimum=0.01, relion="mtf_angpix", tab="Sharpen",
        help="Physical pixel size of the detector in the original movies, to which the MTF refers.",
    )  # fmt: skip
    skip_fsc_weighting: bool = param(
        False, relion="do_skip_fsc_weighting", tab="Sharpen",
        help="Do not weight by the FSC; low-pass the map at the resolution given below instead.",
    )  # fmt: skip
    low_pass_A: float = param(
        5.0, unit="Å", low=1, high=40, step=1, minimum=0.1, relion="low_pass", when="skip_fsc_weighting", tab="Sharpen",
        usual=True,
        help="Low-pass filter when the FSC weighting is skipped.",
    )  # fmt: skip
