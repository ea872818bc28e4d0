"""What may be chosen when finished maps are judged: local resolution; no torch here."""

from vitreous.param import param, settings


@settings
class LocalResolution:
    """How the resolution is measured from place to place, and the map filtered by it."""

    voxel_size_A: float = param(
        -1.0, unit="Å", low=-1, high=5, step=0.1, relion="angpix",
        help="Voxel size of the half maps, if it was calibrated anew; negative: as in their header.",
    )  # fmt: skip
    bfactor_A2: float = param(
        -100.0, unit="Å2", low=-500, high=0, step=25, relion="adhoc_bfac", tab="Local resolution",
        usual=True,
        help="B-factor with which the filtered map is sharpened, such as post-processing found; negative values sharpen.",
    )  # fmt: skip
    sampling_A: float = param(
        25.0, unit="Å", low=5, high=50, step=5, minimum=0.1, relion="locres_sampling", tab="Local resolution",
        help="Distance between the points at which the resolution is measured.",
    )  # fmt: skip
    radius_A: float = param(
        -1.0, unit="Å", low=-1, high=50, step=5, relion="locres_maskrad", tab="Local resolution",
        help="Radius of the soft sphere in which it is measured; negative: half the distance between points.",
    )  # fmt: skip
    edge_A: float = param(
        -1.0, unit="Å", low=-1, high=50, step=5, relion="locres_edgwidth", tab="Local resolution",
        help="Width of the sphere's soft edge; negative: the distance between points.",
    )  # fmt: skip
    randomise_from_A: float = param(
        25.0, unit="Å", low=5, high=50, step=5, minimum=0.1, relion="locres_randomize_at", tab="Local resolution",
        help="Phases finer than this are made random to measure what the sphere itself adds to the FSC; choose it coarser than "
        "the resolutions you expect.",
    )  # fmt: skip
    coarsest_A: float = param(
        50.0, unit="Å", low=20, high=100, step=5, minimum=1, relion="locres_minres", tab="Local resolution",
        help="No local resolution is given as worse than this.",
    )  # fmt: skip
    mtf_pixel_size_A: float = param(
        -1.0, unit="Å", low=-1, high=3, step=0.1, relion="mtf_angpix", tab="Local resolution",
        help="Physical pixel size of the detector in the original movies, to which the MTF refers; negative: that of the maps.",
    )  # fmt: skip


@settings
class ModelComparison:
    """How a map is compared with its atomic model."""

    voxel_size_A: float = param(
        -1.0, unit="Å", low=-1, high=5, step=0.1,
        help="Voxel size of the map, if it was calibrated anew; negative: as in its header.",
    )  # fmt: skip
    assembly: str = param("", help="Biological assembly of the model's file to build, such as 1. Empty: the atoms as they stand.")
    extend_A: float = param(
        3.0, unit="Å", low=0, high=10, step=0.5, minimum=0,
        usual=True,
        help="Without a mask, one is made about the atoms: it is full to this distance from them.",
    )  # fmt: skip
    edge_A: float = param(
        6.0, unit="Å", low=0, high=20, step=1, minimum=0,
        usual=True,
        help="Width of the soft edge of the mask about the atoms, and of the edge given to a mask that has none.",
    )  # fmt: skip


@settings
class AxesAlignment:
    """How the symmetry axes of a map are found."""

    symmetry: str = param(
        "D2",
        usual=True,
        help="Point group whose standard axes the map is brought to, as C4, D2, T, O, I1 to I4.",
    )
    finest_A: float = param(
        20.0, unit="Å", low=5, high=50, step=5, minimum=1,
        usual=True,
        help="Only detail coarser than this is looked at.",
    )  # fmt: skip
    keep_centre: bool = param(False, help="The axes meet in the middle of the box already: do not move the map.")
