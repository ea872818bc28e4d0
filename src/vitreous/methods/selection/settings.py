"""What may be chosen when selecting: classes by number or score, rows by value or statistics, splits, duplicates."""

from vitreous.param import param, settings


@settings
class ClassChoice:
    """Which classes go on."""

    classes: tuple[int, ...] = param((), help="The classes to keep, by number, such as 1,3,5; also of a table of particles.")
    by_score: bool = param(
        False, relion="do_class_ranker", help="Keep the classes whose averages look good, by a score between 0 and 1."
    )
    least_score: float = param(
        0.5,
        low=0,
        high=1,
        step=0.05,
        when="by_score",
        relion="rank_threshold",
        help="The lowest score that is kept. Scores of 0.1 to 0.5 are customary.",
    )
    least_particles: int = param(
        -1,
        low=-1,
        high=10000,
        step=500,
        when="by_score",
        relion="select_nr_parts",
        help="Keep at least so many particles, whatever the score of their classes; negative: no such rule.",
    )
    least_classes: int = param(
        -1,
        low=-1,
        high=24,
        step=1,
        when="by_score",
        relion="select_nr_classes",
        help="Keep at least so many classes, whatever their score; negative: no such rule.",
    )
    by_particle_score: bool = param(
        False,
        help="Of the kept classes keep the particles whose images look like their class, by a score between 0 and 1 that "
        "becomes a column (rlnParticleFigureOfMerit). Every image is read twice.",
    )
    least_particle_score: float = param(
        0.5,
        low=0,
        high=1,
        step=0.05,
        when="by_particle_score",
        help="The lowest score of a particle that is kept; 0 keeps all, with their scores.",
    )
    recentre: bool = param(
        False,
        relion="do_recenter",
        help="Move the kept class averages to their centre of mass and write them anew, for use as picking templates.",
    )
    regroup: bool = param(
        False, relion="do_regroup", help="Put the kept particles into fewer groups, of like intensity scale, for refinement."
    )
    group_count: int = param(
        1,
        low=1,
        high=50,
        step=1,
        minimum=1,
        when="regroup",
        relion="nr_groups",
        help="About how many groups; each should keep ten particles or more.",
    )


@settings
class RowChoice:
    """Which rows of a table go on."""

    by_value: bool = param(False, relion="do_select_values", help="Keep the rows whose value in one column lies in a range.")
    column: str = param(
        "ctf_resolution_A",
        when="by_value",
        relion="select_label",
        help="The column, by our name or its STAR label.",
    )
    lowest: float = param(-9999, when="by_value", relion="select_minval", help="The lowest value that is kept.")
    highest: float = param(9999, when="by_value", relion="select_maxval", help="The highest value that is kept.")
    by_statistics: bool = param(
        False, relion="do_discard", help="Leave out images whose mean or standard deviation is far from that of the others."
    )
    image_column: str = param(
        "image",
        when="by_statistics",
        relion="discard_label",
        help="The column that names the images, by our name or its STAR label.",
    )
    sigma: float = param(
        4,
        low=1,
        high=10,
        step=0.1,
        when="by_statistics",
        relion="discard_sigma",
        help="Images that are off by more than so many standard deviations of all images are left out.",
    )
    remove_duplicates: bool = param(
        False, relion="do_remove_duplicates", help="Of particles that sit at the same place of a micrograph keep the first."
    )
    duplicate_distance_A: float = param(
        30,
        unit="Å",
        low=0,
        high=1000,
        step=1,
        minimum=0,
        when="remove_duplicates",
        relion="duplicate_threshold",
        help="Particles closer than this are the same one.",
    )
    coordinate_pixel_size_A: float = param(
        -1,
        unit="Å",
        low=-1,
        high=10,
        step=0.01,
        when="remove_duplicates",
        relion="image_angpix",
        help="Pixel size of the micrographs that the coordinates count in; negative: as the optics table says.",
    )


@settings
class Splitting:
    """Parts that the rows are divided into."""

    split: bool = param(False, relion="do_split", help="Divide the rows into parts.")
    random_order: bool = param(False, when="split", relion="do_random", help="Shuffle the rows before they are divided.")
    part_size: int = param(
        100, low=100, high=10000, step=100, when="split", relion="split_size", help="Rows in each part; negative: equal parts."
    )
    part_count: int = param(
        -1,
        low=1,
        high=50,
        step=1,
        when="split",
        relion="nr_split",
        help="How many parts; negative: as many as the size asks for.",
    )
