"""What may be chosen when particles are cut out: box, scale, background, re-centring."""

from vitreous.param import param, settings


@settings
class Windows:
    """How particle images are cut out and made alike."""

    box_px: int = param(
        128,
        unit="px",
        low=64,
        high=512,
        step=8,
        minimum=4,
        relion="extract_size",
        usual=True,
        help="Side of the square that is cut out, in pixels of the micrograph; an even number.",
    )
    invert: bool = param(True, relion="do_invert", help="Turn the contrast round: particles that were dark become bright.")
    normalise: bool = param(
        True, relion="do_norm", help="Take away a sloping background and bring the noise around the particle to mean 0, std 1."
    )
    background_diameter_px: float = param(
        -1,
        unit="px",
        low=-1,
        high=600,
        step=10,
        when="normalise",
        relion="bg_diameter",
        help="The noise is measured outside a circle of this diameter, in pixels of the micrograph; "
        "a negative value stands for three quarters of the box.",
    )
    white_dust: float = param(
        -1,
        low=-1,
        high=10,
        step=0.1,
        when="normalise",
        relion="white_dust",
        help="Pixels brighter than the background by more than so many standard deviations become noise; negative: none.",
    )
    black_dust: float = param(
        -1,
        low=-1,
        high=10,
        step=0.1,
        when="normalise",
        relion="black_dust",
        help="Pixels darker than the background by more than so many standard deviations become noise; negative: none.",
    )
    resize: bool = param(
        False, relion="do_rescale", usual=True, help="Bring the images to another size, and so to another pixel size."
    )
    rescaled_box_px: int = param(
        128,
        unit="px",
        low=64,
        high=512,
        step=8,
        minimum=4,
        when="resize",
        relion="rescale",
        usual=True,
        help="Side of the images after rescaling; an even number.",
    )
    float16: bool = param(
        False, relion="do_float16", help="Write 16-bit floats: half the disk space, readable by RELION 4 and later only."
    )

    @property
    def final_box_px(self) -> int:
        """The side of the images that are written."""
        return self.rescaled_box_px if self.resize else self.box_px

    @property
    def background_radius_px(self) -> float:
        """The radius of the background circle in the images that are written."""
        diameter = self.background_diameter_px if self.background_diameter_px > 0 else 0.75 * self.box_px
        return diameter / 2 * self.final_box_px / self.box_px

    def wrong(self) -> str:
        """What does not fit together, as a sentence; empty when all is well."""
        for name, box in (("box", self.box_px), ("rescaled box", self.final_box_px)):
            if box % 2:
                return f"the {name} of {box} pixels is odd, so it has no centre pixel to crop about: use {box + 1}"
        if self.normalise and self.background_radius_px >= self.final_box_px / 2 * 2**0.5 - 1:
            return "the background circle leaves no pixels of the box outside: make it smaller, or the box larger"
        return ""


@settings
class Recentring:
    """What becomes of the origins of particles that are cut out again."""

    reset_offsets: bool = param(
        False, relion="do_reset_offsets", help="Forget the refined origins: cut out at the old coordinates, origins zero."
    )
    recentre: bool = param(
        False, relion="do_recenter", help="Move the coordinates by the refined origins, so that the particles are centred."
    )
    x_px: float = param(
        0,
        unit="px",
        when="recentre",
        relion="recenter_x",
        help="Centre on this x of the reference, in its pixels from its middle.",
    )
    y_px: float = param(
        0,
        unit="px",
        when="recentre",
        relion="recenter_y",
        help="Centre on this y of the reference, in its pixels from its middle.",
    )
    z_px: float = param(
        0,
        unit="px",
        when="recentre",
        relion="recenter_z",
        help="Centre on this z of the reference, in its pixels from its middle.",
    )
