"""What may be chosen in 3D classification, with the only defaults."""

from vitreous.methods.refinement.settings3d import STEPS
from vitreous.param import param, settings


@settings
class Beginning:
    """The maps to start from."""

    greyscale_is_right: bool = param(
        False, relion="ref_correct_greyscale", usual=True,
        help="References are on the absolute grey scale of the images (made by this program or RELION from the same data). "
        "If not, their scale is fitted to the images before the first iteration.",
    )  # fmt: skip
    resize: bool = param(
        True, relion="trust_ref_size",
        help="Bring references of another box or pixel size to that of the particles, by the pixel size in their header. "
        "If not, a reference that differs stops the job.",
    )  # fmt: skip
    low_pass_A: float = param(
        60.0, unit="Å", low=0, high=200, step=5, minimum=0, relion="ini_high", usual=True,
        help="Low-pass filter of the references before the first iteration; 0: none.",
    )  # fmt: skip
    symmetry: str = param("C1", relion="sym_name", usual=True, help="Point group: C1, Cn, Dn, T, O, I1, I2, I3, I4.")
    random_occupancies: bool = param(
        False,
        help="Begin with maps rebuilt from the poses of the input, particles dealt to classes by lot; no reference is needed, "
        "and directions are not searched anew.",
    )
    class_mapping: str = param(
        "",
        help="With an earlier classification as reference: its classes that make each new one, as in 1+3, 2 (1 and 3 are merged, "
        "2 is kept, others are dropped) or all; particles begin in their likeliest class and pose. Empty: only maps are taken.",
    )
    carry_over_all: bool = param(
        False, help="Particles of dropped classes stay in, and find their class anew. If not, they are left out."
    )


@settings
class CtfUse:
    """How the contrast transfer function enters."""

    correct_ctf: bool = param(
        True, relion="do_ctf_correction", usual=True, help="Model each particle's CTF from the input table."
    )
    ignore_ctf_until_first_peak: bool = param(
        False, relion="ctf_intact_first_peak",
        help="Leave the lowest frequencies, up to the CTF's first peak, as they are.",
    )  # fmt: skip


@settings
class Classes:
    """How many classes, how they begin, and how smooth they are."""

    classes: int = param(
        1, low=1, high=20, step=1, minimum=1, relion="nr_classes", usual=True,
        help="Number of classes. From one map each class begins with a random share of the particles; several maps are given "
        "as a STAR file of references or the optimiser of an earlier classification.",
    )  # fmt: skip
    regularisation: float = param(
        4.0, low=0.1, high=10, step=0.1, minimum=0.01, relion="tau_fudge", usual=True,
        help="Weight of the data against smoothness (T); higher values let finer, noisier detail through. Small focused regions "
        "without alignment bear 10 to 40.",
    )  # fmt: skip
    iterations: int = param(
        25, low=1, high=50, step=1, minimum=1, relion="nr_iter", usual=True, help="Iterations; fewer when nothing changes."
    )
    stop_when_settled: bool = param(
        True, help="Stop before the last iteration once classes, poses and resolution have not changed for three iterations."
    )


@settings
class Optimisation:
    """Masks and limits."""

    particle_diameter_A: float = param(
        200.0, unit="Å", low=0, high=1000, step=10, minimum=1, relion="particle_diameter",
        usual=True,
        help="Diameter of the soft mask about each particle, and about the map where no mask is given.",
    )  # fmt: skip
    zero_outside: bool = param(
        True, relion="do_zero_mask", help="Take the noise outside the particle's mask out of the images that are scored."
    )
    resolution_limit_A: float = param(
        -1.0, unit="Å", low=-1, high=20, relion="highres_limit", usual=True,
        help="Only frequencies up to this resolution are scored, so that fine noise does not decide; -1: as far as the maps go.",
    )  # fmt: skip


@settings
class Focus:
    """A sphere on which classes are told apart."""

    focus_radius_A: float = param(
        0.0, unit="Å", low=0, high=100, minimum=0,
        help="Radius of a sphere, projected along each particle's view to a circle, inside which alone images are compared when "
        "classes are told apart (30 to 40 are usual); 0: no sphere.",
    )  # fmt: skip
    focus_x_A: float = param(0.0, unit="Å", help="Centre of the sphere in x, from the centre of the map's first voxel.")
    focus_y_A: float = param(0.0, unit="Å", help="Centre of the sphere in y, from the centre of the map's first voxel.")
    focus_z_A: float = param(0.0, unit="Å", help="Centre of the sphere in z, from the centre of the map's first voxel.")


@settings
class Sampling:
    """Which poses are tried; after the global search they are refined continuously, without a grid."""

    align: bool = param(
        True, relion="dont_skip_align", usual=True,
        help="Search poses. If not, the poses of the input stand, and only classes are found: much quicker, for "
        "particles that were refined together.",
    )  # fmt: skip
    step: str = param(
        "7.5 degrees", choices=STEPS, relion="sampling", usual=True, when="align",
        help="Angular step of the global search over all directions and in-plane angles.",
    )  # fmt: skip
    offset_range_px: float = param(
        5.0, unit="px", low=0, high=30, minimum=0, relion="offset_range", usual=True, when="align",
        help="Radius of the first search over shifts.",
    )  # fmt: skip
    offset_step_px: float = param(
        1.0, unit="px", low=0.1, high=5, step=0.1, minimum=0.05, relion="offset_step", when="align",
        help="Step of the search over shifts; the first pass takes twice the step.",
    )  # fmt: skip
    local: bool = param(
        False, relion="do_local_ang_searches", when="align", usual=True,
        help="Stay near the poses of the input: no global search, and a Gaussian prior about each.",
    )  # fmt: skip
    local_sigma_deg: float = param(
        5.0, unit="°", low=0, high=15, step=0.1, minimum=0.01, relion="sigma_angles", when="local", usual=True,
        help="Spread of that prior; poses farther than three times it are taken only where none is nearer.",
    )  # fmt: skip
    relax_symmetry: str = param(
        "", relion="relax_sym", when="align",
        help="A point group whose mates of each pose are tried too, for particles refined in a symmetry which they have only "
        "nearly; what is imposed stays the symmetry of the reference tab. Empty: none.",
    )  # fmt: skip


@settings
class Class3DSettings:
    """Everything that decides a 3D classification beside its inputs."""

    reference: Beginning = Beginning()
    ctf: CtfUse = CtfUse()
    classes: Classes = Classes()
    optimisation: Optimisation = Optimisation()
    focus: Focus = Focus()
    sampling: Sampling = Sampling()
