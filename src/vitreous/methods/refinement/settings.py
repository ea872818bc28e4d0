"""What may be chosen in 2D classification: classes and regularisation, what is scored, and how finely poses are searched."""

from vitreous.param import param, settings


@settings
class CtfUse:
    """How the contrast transfer function enters."""

    correct_ctf: bool = param(
        True,
        relion="do_ctf_correction",
        usual=True,
        help="Model each image as the class times its CTF. Switch off only for images that were corrected before.",
    )
    ignore_ctf_until_first_peak: bool = param(
        False,
        relion="ctf_intact_first_peak",
        help="Leave the lowest frequencies, up to the CTF's first peak, as they are; helps when some other strong "
        "low-resolution signal (carbon, detergent) gathers all images in few classes.",
    )


@settings
class Classification:
    """Classes, cycles and regularisation."""

    classes: int = param(
        1,
        low=1,
        high=200,
        step=1,
        minimum=1,
        relion="nr_classes",
        usual=True,
        help="Number of classes; 50 to 150 images or more for each.",
    )
    regularisation: float = param(
        2,
        low=0.1,
        high=10,
        step=0.1,
        minimum=0.01,
        relion="tau_fudge",
        usual=True,
        help="Weight of the data against smoothness (T); higher values let finer, noisier detail through.",
    )
    use_em: bool = param(
        False,
        relion="do_em",
        usual=True,
        help="Plain expectation-maximisation: every image in every iteration.",
    )
    em_iterations: int = param(
        25, low=1, high=50, step=1, minimum=1, when="use_em", relion="nr_iter_em|nr_iter", usual=True, help="Full passes."
    )
    use_mini_batches: bool = param(
        True,
        relion="do_grad",
        help="Update the classes from small random batches of images that grow, with a full pass at the end: "
        "sooner at the goal, and less bound to the random start. One of the two must be chosen.",
    )
    mini_batches: int = param(
        200,
        low=50,
        high=500,
        step=10,
        minimum=1,
        when="use_mini_batches",
        relion="nr_iter_grad",
        usual=True,
        help="Number of mini-batches, which grow to half of all images. Few turns are enough for a small set: their numbers "
        "then leave some out up to this one. Twice as many ask for twice the turns.",
    )
    particle_diameter_A: float = param(
        200,
        unit="Å",
        low=0,
        high=1000,
        step=10,
        minimum=1,
        relion="particle_diameter",
        usual=True,
        help="Diameter of the soft circular mask put on images and classes; a little more than the longest view.",
    )
    mask_with_zeros: bool = param(
        True,
        relion="do_zero_mask",
        help="Set what lies outside the circle to its mean; otherwise to random noise of the same spectrum.",
    )
    resolution_limit_A: float = param(
        -1,
        unit="Å",
        low=-1,
        high=20,
        step=1,
        relion="highres_limit",
        usual=True,
        help="Score no detail finer than this; -1 for no limit. 10 to 15 Å keeps noise from gathering in the classes.",
    )
    centre_classes: bool = param(True, relion="do_center", help="Move each class to its centre of mass after every iteration.")
    correct_scale: bool = param(
        True, help="Find the contrast of each micrograph's images against the classes, and let it scale their CTFs."
    )


@settings
class PlaneSearch:
    """In-plane angles and shifts that are tried."""

    align: bool = param(
        True,
        relion="dont_skip_align",
        usual=True,
        help="Search angles and shifts; otherwise those of the input are kept and only the classes are found.",
    )
    angle_step_deg: float = param(
        6,
        unit="°",
        low=0.5,
        high=20,
        step=0.5,
        minimum=0.1,
        when="align",
        relion="psi_sampling",
        usual=True,
        help="In-plane step; never coarser than this, and finer by itself where the resolution asks for it.",
    )
    offset_range_px: float = param(
        5,
        unit="px",
        low=0,
        high=30,
        step=1,
        minimum=0,
        when="align",
        relion="offset_range",
        usual=True,
        help="Shifts up to this distance from the last position are tried.",
    )
    offset_step_px: float = param(
        1, unit="px", low=0.1, high=5, step=0.1, minimum=0.05, when="align", relion="offset_step", help="Step of the shifts."
    )


@settings
class AutoSelect:
    """Which classes are kept without being asked, when the last iteration is done."""

    auto_select: bool = param(
        False,
        usual=True,
        help="After the last iteration write particles.star and class_averages.star of the classes that look good, by the "
        "score that the selection job has. The iterations' files keep all.",
    )
    least_score: float = param(
        0.5, low=0, high=1, step=0.05, when="auto_select", help="The lowest score, between 0 and 1, of a class that is kept."
    )
    least_particles: int = param(
        -1,
        low=-1,
        high=10000,
        step=500,
        when="auto_select",
        help="Keep at least so many particles, whatever the score of their classes; negative: no such rule.",
    )
    least_classes: int = param(
        -1,
        low=-1,
        high=24,
        step=1,
        when="auto_select",
        help="Keep at least so many classes, whatever their score; negative: no such rule.",
    )


@settings
class Class2DSettings:
    """Everything that decides a 2D classification beside its particles."""

    ctf: CtfUse = CtfUse()
    classification: Classification = Classification()
    search: PlaneSearch = PlaneSearch()
