"""What may be chosen for a first map, with the only defaults."""

from vitreous.methods.refinement.settings3d import STEPS
from vitreous.param import param, settings

COARSE = STEPS[:3]


@settings
class Descent:
    """Random starts, mini-batches and resolution."""

    classes: int = param(
        1,
        low=1,
        high=10,
        step=1,
        minimum=1,
        relion="nr_classes",
        usual=True,
        help="Maps made at once; two or more take up what does not belong.",
    )
    mini_batches: int = param(
        200,
        low=50,
        high=500,
        step=10,
        minimum=10,
        relion="nr_iter",
        usual=True,
        help="Mini-batches of a run, shared by its random starts.",
    )
    starts: int = param(
        4, low=1, high=20, minimum=1, help="Random starts of a run; the one that explains unseen images best goes on."
    )
    reruns: int = param(
        0,
        low=0,
        high=10,
        minimum=0,
        usual=True,
        help="How often the run is done again with other seeds; the map that explains unseen images best goes on. Worth it where "
        "the starts do not agree, which the log says.",
    )
    rounds: int = param(5, low=1, high=20, minimum=1, help="Rounds of continuous pose refinement after the starts.")
    regularisation: float = param(
        4.0, low=0.1, high=10, step=0.1, minimum=0.01, relion="tau_fudge",
        help="How much signal over noise the maps are trusted to have (T): lower is smoother.",
    )  # fmt: skip
    first_resolution_A: float = param(
        35.0,
        unit="Å",
        low=10,
        high=60,
        minimum=5,
        relion="sgd_ini_resol",
        help="Finest resolution of the random starts; they begin at three shells, and their angular step may end them earlier.",
    )
    last_resolution_A: float = param(
        15.0, unit="Å", low=5, high=30, minimum=3, relion="sgd_fin_resol", help="Resolution of the last rounds and of the map."
    )
    first_batch: int = param(100, minimum=10, high=1000, relion="sgd_ini_subset_size", help="Images in the first mini-batches.")
    last_batch: int = param(
        500, minimum=10, high=5000, relion="sgd_fin_subset_size", help="Images in the last mini-batches at most."
    )


@settings
class Shape:
    """Symmetry, size and solvent."""

    symmetry: str = param("C1", relion="sym_name", usual=True, help="Point group of the map: C1, Cn, Dn, T, O, I1, I2, I3, I4.")
    without_symmetry_first: bool = param(
        True,
        relion="do_run_C1",
        usual=True,
        help="Find the map without symmetry, then its axes, then impose them: how well the map agrees with its mates then shows "
        "whether the symmetry is right. Without it the starts have the symmetry, which is quicker.",
    )
    particle_diameter_A: float = param(
        200.0,
        unit="Å",
        low=0,
        high=1000,
        step=10,
        minimum=1,
        relion="particle_diameter",
        usual=True,
        help="Diameter of the particle's soft mask.",
    )
    flatten_solvent: bool = param(
        True, relion="do_solvent", help="Flatten the solvent outside the mask and keep the density from going negative."
    )


@settings
class Images:
    """How the particle images are taken."""

    correct_ctf: bool = param(
        True, relion="do_ctf_correction", usual=True, help="Model each particle's CTF from the input table."
    )


@settings
class Poses:
    """Grid of poses that are weighed."""

    step: str = param("15 degrees", choices=COARSE, relion="sampling", help="Angular step of the search over all directions.")
    offset_range_px: float = param(
        6.0, unit="px", low=0, high=30, minimum=0, relion="offset_range", help="Radius of the search over shifts."
    )
    offset_step_px: float = param(2.0, unit="px", low=0.1, high=5, minimum=0.05, relion="offset_step", help="Step of the shifts.")


@settings
class InitialModelSettings:
    """Everything that decides a first map beside its particles."""

    descent: Descent = Descent()
    shape: Shape = Shape()
    images: Images = Images()
    poses: Poses = Poses()
