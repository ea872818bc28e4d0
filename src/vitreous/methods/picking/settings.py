"""What may be chosen when picking: size of the particles, resolution, thresholds, distances."""

from vitreous.param import param, settings


@settings
class BlobSearch:
    """Which round blobs count as particles."""

    min_diameter_A: float = param(
        200,
        unit="Å",
        low=50,
        high=500,
        step=10,
        minimum=5,
        relion="log_diam_min",
        usual=True,
        help="Smallest diameter of the particles; a blob that is clearly smaller is passed over.",
    )
    max_diameter_A: float = param(
        250,
        unit="Å",
        low=50,
        high=500,
        step=10,
        minimum=5,
        relion="log_diam_max",
        usual=True,
        help="Largest diameter of the particles; a blob that is clearly larger (ice, carbon) is passed over.",
    )
    white_particles: bool = param(
        False,
        relion="log_invert",
        usual=True,
        help="The particles are brighter than their surroundings; normally they are darker.",
    )
    max_resolution_A: float = param(
        20,
        unit="Å",
        low=10,
        high=100,
        step=5,
        relion="log_maxres",
        help="The micrograph is binned to pixels of half this size. A negative value leaves it as it is.",
    )
    false_picks: float = param(
        3,
        low=0.1,
        high=20,
        step=0.1,
        minimum=1e-6,
        help="Picks to be expected in a micrograph that holds nothing but noise; this sets the lowest signal that counts.",
    )
    threshold_adjust: float = param(
        0,
        low=-1,
        high=1,
        step=0.05,
        relion="log_adjust_thr",
        usual=True,
        help="Moves the lowest signal that counts by so many standard deviations of the signal: negative picks more.",
    )
    upper_threshold: float = param(
        999,
        low=0,
        high=5,
        step=0.5,
        relion="log_upper_thr",
        help="Blobs that stand out this many standard deviations above the mean signal are passed over; 5 often rejects ice.",
    )
    min_distance_A: float = param(
        -1,
        unit="Å",
        low=-1,
        high=500,
        step=10,
        help="Smallest distance between two picks. A negative value stands for three quarters of the smallest diameter.",
    )
    edge_A: float = param(
        -1,
        unit="Å",
        low=-1,
        high=500,
        step=10,
        help="Picks closer to the edge are left out. A negative value stands for half the smallest diameter.",
    )
