"""What may be chosen in 3D refinement, with the only defaults."""

from vitreous.param import param, settings

STEPS = (
    *("30 degrees", "15 degrees", "7.5 degrees", "3.7 degrees", "1.8 degrees"),
    *("0.9 degrees", "0.5 degrees", "0.2 degrees", "0.1 degrees"),
)
ORDERS = {step: order for order, step in enumerate(STEPS, start=1)}


@settings
class Reference:
    """The map to start from."""

    greyscale_is_right: bool = param(
        False,
        relion="ref_correct_greyscale",
        usual=True,
        help="The reference is on the absolute grey scale of the images (made by this program or RELION from the same data). "
        "If not, its scale is fitted to the images before the first round.",
    )
    resize: bool = param(
        True,
        relion="trust_ref_size",
        help="Bring a reference of another box or pixel size to that of the particles, by the pixel size in its header. "
        "If not, a reference that differs stops the job.",
    )
    low_pass_A: float = param(
        60.0, unit="Å", low=0, high=200, step=5, minimum=0, relion="ini_high",
        usual=True,
        help="Low-pass filter of the reference before the first round, so that what is finer comes from the particles alone.",
    )  # fmt: skip
    symmetry: str = param("C1", relion="sym_name", usual=True, help="Point group: C1, Cn, Dn, T, O, I1, I2, I3, I4.")


@settings
class Images:
    """How the particle images are taken."""

    correct_ctf: bool = param(
        True, relion="do_ctf_correction", usual=True, help="Model each particle's CTF from the input table."
    )
    intact_first_peak: bool = param(
        False,
        relion="ctf_intact_first_peak",
        help="Leave the lowest frequencies, up to the CTF's first peak, as they are.",
    )
    reference_corrected: bool = param(
        True,
        relion="ctf_corrected_ref",
        help="The reference is free of the effects of the CTF, as maps of models and of CTF-corrected particles are. If not, "
        "the first round compares it with the images without a CTF.",
    )
    correct_norm: bool = param(True, help="Measure how bright each image is by its noise, and divide it by that.")
    correct_scale: bool = param(True, help="Measure how strong the signal of each micrograph's images is.")


@settings
class Optimisation:
    """Masks and when to stop."""

    particle_diameter_A: float = param(
        200.0, unit="Å", low=0, high=1000, step=10, minimum=1, relion="particle_diameter",
        usual=True,
        help="Diameter of the soft mask about each particle, and about the map where no mask is given.",
    )  # fmt: skip
    zero_outside: bool = param(
        True, relion="do_zero_mask", help="Take the noise outside the particle's mask out of the images that are scored."
    )
    solvent_corrected_fsc: bool = param(
        False,
        relion="do_solvent_fsc",
        usual=True,
        help="FSC between the halves under the mask, corrected by phase randomisation; without it under a soft sphere.",
    )
    regularise_locally: bool = param(
        False,
        usual=True,
        help="Filter the references as far as the halves agree at each place, rather than by one FSC for the whole map: for "
        "specimens with flexible or disordered parts, or in a membrane or micelle.",
    )
    join_halves_to_A: float = param(
        40.0,
        unit="Å",
        minimum=0,
        help="Both halves share their sums below this resolution, which keeps orientation and hand alike.",
    )
    most_rounds: int = param(25, minimum=1, help="Stop after this many rounds even if still improving.")


@settings
class Sampling:
    """The global search; after it poses are refined continuously, without a grid."""

    step: str = param(
        "7.5 degrees",
        choices=STEPS,
        relion="sampling",
        usual=True,
        help="Angular step of the global search over all directions and in-plane angles.",
    )
    offset_range_px: float = param(
        5.0,
        unit="px",
        low=0,
        high=30,
        minimum=0,
        relion="offset_range",
        usual=True,
        help="Radius of the first search over shifts.",
    )
    offset_step_px: float = param(
        1.0, unit="px", low=0.1, high=5, step=0.1, minimum=0.05, relion="offset_step",
        help="Step of the search over shifts; the first pass takes twice the step.",
    )  # fmt: skip
    local: bool = param(
        False,
        relion="do_local_ang_searches",
        help="Begin with the poses of the particles' table and search only around them, in every round.",
    )
    sigma_angles_deg: float = param(
        5.0, unit="°", low=0, high=15, step=0.1, minimum=0.01, relion="sigma_angles", when="local",
        help="Deviation of the prior that holds a pose near the last one, with --local; nothing beyond three of them, unless "
        "nothing is nearer.",
    )  # fmt: skip
    local_from: str = param(
        "1.8 degrees", choices=STEPS, relion="auto_local_sampling",
        help="When the angular step is this or finer, no global search is made: the poses of the particles' table are refined. "
        "With a coarser step poses are refined without any step once the global search has found them.",
    )  # fmt: skip
    relax_symmetry: str = param(
        "", relion="relax_sym", usual=True,
        help="Point group that the specimen nearly has, with a lower symmetry in --symmetry: each pose is also tried at this "
        "group's mates. Empty: none.",
    )  # fmt: skip
    faster: bool = param(
        False, relion="auto_faster",
        help="End each stage by the resolution alone, without waiting for the poses to come to rest.",
    )  # fmt: skip


@settings
class Computation:
    """How maps are held while images are compared with them."""

    skip_padding: bool = param(
        False,
        relion="do_pad1",
        help="Take the maps' transforms at the box itself, not at twice the box, where memory is short: they take an eighth, all "
        "maps together about a quarter. Slices are less exact, the more so the nearer the particle comes to the box's edge.",
    )

    @property
    def padding(self) -> int:
        """How many times the box the transforms are taken at."""
        return 1 if self.skip_padding else 2


@settings
class RefineSettings:
    """Everything that decides a 3D refinement beside its inputs."""

    reference: Reference = Reference()
    images: Images = Images()
    optimisation: Optimisation = Optimisation()
    sampling: Sampling = Sampling()
    computation: Computation = Computation()
