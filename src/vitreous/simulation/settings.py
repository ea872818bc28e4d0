"""What may be chosen in a simulation, with the only defaults: specimen, microscope, ice, motion, camera, session, stack."""

from vitreous.param import group, param, settings


@settings
class Specimen:
    """What is imaged: a protein-like assembly made by code, or an atomic model from a file."""

    model: str = param("", help="PDB or mmCIF file, plain or .gz, to simulate from; empty makes an assembly by code")
    assembly: str = param("", help="Name of the biological assembly to make of the model; empty takes the atoms as they stand")
    symmetry: str = param("D2", help="Point group of the assembly made by code: Cn, Dn, T or O (RELION's orientation)")
    mass_kDa: float = param(320.0, help="Mass of the assembly made by code", unit="kDa", minimum=10, high=2000)
    seed: int = param(1, help="Number that decides the fold of the assembly made by code", minimum=0)
    bfactor_A2: float = param(
        30.0, help="B-factor of well-ordered atoms made by code, and added to those of a model", unit="Å2", minimum=0, high=200
    )


@settings
class Microscope:
    """The beam and the lenses."""

    voltage_kV: float = param(300.0, help="Acceleration voltage", unit="kV", minimum=60, maximum=1000)
    cs_mm: float = param(2.7, help="Spherical aberration", unit="mm", minimum=0, high=4)
    amplitude_contrast: float = param(0.1, help="Fraction of amplitude contrast", minimum=0, maximum=0.99)
    defocus_low_A: float = param(8000.0, help="Smallest mean defocus of a micrograph", unit="Å", low=3000, high=40000)
    defocus_high_A: float = param(22000.0, help="Largest mean defocus of a micrograph", unit="Å", low=3000, high=60000)
    astigmatism_A: float = param(300.0, help="Largest difference of defocus U and V", unit="Å", minimum=0, high=3000)
    phase_shift_deg: float = param(0.0, help="Phase shift of a phase plate", unit="°", low=0, high=180)
    envelope_bfactor_A2: float = param(
        60.0, help="Fall of contrast with resolution: exp(-B k2/4) for beam coherence and lenses", unit="Å2", minimum=0, high=300
    )


@settings
class Ice:
    """The layer that holds the particles."""

    thickness_A: float = param(350.0, help="Thickness of the ice", unit="Å", minimum=0, high=2000)
    water_motion_A2: float = param(
        1.0, help="Mean square displacement of a water molecule for each e/Å2", unit="Å2", minimum=0, high=3
    )
    height_spread_A: float = param(150.0, help="Range of the particles' heights, hence of their defoci", unit="Å", minimum=0)
    tilt_deg: float = param(0.0, help="Tilt of the layer about the y axis: defocus changes along x", unit="°", low=-60, high=60)
    carbon_fraction: float = param(0.0, help="Fraction of micrographs with the edge of a carbon film", minimum=0, maximum=1)
    carbon_thickness_A: float = param(120.0, help="Thickness of the carbon film", unit="Å", minimum=0, high=500)


@settings
class Particles:
    """How many particles there are on a micrograph, and how they lie."""

    per_micrograph: int = param(60, help="Particles wanted on a micrograph; fewer if they do not fit", minimum=0, high=500)
    spacing: float = param(
        1.05, help="Least distance between centres in particle diameters; below 1 particles overlap", minimum=0, high=3
    )
    preferred_view: float = param(
        0.0, help="Fraction of particles that lie with their z axis along the beam", minimum=0, maximum=1
    )


@settings
class Motion:
    """Movement of the specimen while the movie is taken."""

    drift_A: float = param(15.0, help="Typical length of the whole-frame movement", unit="Å", minimum=0, high=100)
    local_A: float = param(4.0, help="Typical extra movement at the edges of the frame", unit="Å", minimum=0, high=50)
    tracks: str = param(
        "", help="Folder or pattern of motion STAR files (RELION's) whose tracks are used instead, one a movie in turn"
    )


@settings
class Camera:
    """The movie as recorded."""

    width: int = param(1024, help="Pixels along x", unit="px", minimum=64, high=8192)
    height: int = param(1024, help="Pixels along y", unit="px", minimum=64, high=8192)
    pixel_size_A: float = param(2.0, help="Pixel size at the specimen", unit="Å", minimum=0.1, high=10)
    frames: int = param(24, help="Frames of a movie (EER: fractions that it is made for)", minimum=1, high=200)
    dose_e_A2: float = param(40.0, help="Dose of the whole movie", unit="e/Å2", minimum=0.1, high=200)
    mtf_nyquist: float = param(0.7, help="Contrast that the camera passes at Nyquist", minimum=0.01, maximum=1)
    gain_spread: float = param(0.04, help="Relative spread of the pixels' sensitivities", minimum=0, maximum=0.3)
    hot_pixels: int = param(12, help="Pixels that always count too much (the gain does not show them)", minimum=0, high=1000)
    dead_lines: int = param(1, help="Dead columns (zero in the gain reference and in the list of defects)", minimum=0, high=10)
    format: str = param("tiff", help="File format of the movies", choices=("tiff", "mrc", "eer"))
    eer_frames_per_fraction: int = param(40, help="EER frames that make one fraction", minimum=1, high=200)


@settings
class SessionSettings:
    """A session at the microscope: movies with a known truth."""

    movies: int = param(24, help="Number of movies", minimum=1, high=10000)
    specimen: Specimen = group(Specimen, tab="Specimen")
    particles: Particles = group(Particles, tab="Particles")
    microscope: Microscope = group(Microscope, tab="Microscope")
    ice: Ice = group(Ice, tab="Ice")
    motion: Motion = group(Motion, tab="Motion")
    camera: Camera = group(Camera, tab="Camera")
    movies_as_sums: bool = param(
        False, help="Write micrographs instead: sums without motion, gain and defects, for picking and CTF estimation"
    )
    map_box: int = param(0, help="Side of the true map; 0 takes one and a half diameters", unit="px", minimum=0, high=1024)
    damage: float = param(1.0, help="Radiation damage relative to the published critical doses; 0 is none", minimum=0, high=3)


@settings
class ParticleSettings:
    """A stack of particle images with a known truth."""

    count: int = param(1000, help="Number of images", minimum=1, high=1000000)
    box: int = param(128, help="Side of the square images", unit="px", minimum=8, high=1024)
    pixel_size_A: float = param(2.0, help="Pixel size", unit="Å", minimum=0.1, high=20)
    snr: float = param(0.05, help="Variance of the signal over that of the noise, over the whole box; 0 is no noise", minimum=0)
    noise_falloff: float = param(
        0.0, help="How the noise falls with frequency: amplitude at Nyquist is 1 - this of that at zero", minimum=0, maximum=0.95
    )
    shift_A: float = param(6.0, help="Standard deviation of the off-centre shift along each axis", unit="Å", minimum=0, high=50)
    specimen: Specimen = group(Specimen, tab="Specimen")
    microscope: Microscope = group(Microscope, tab="Microscope")
    preferred_view: float = param(
        0.0, help="Fraction of particles that lie with their z axis along the beam", minimum=0, maximum=1
    )
    apply_ctf: bool = param(True, help="Multiply by the contrast transfer function")
    per_micrograph: int = param(50, help="Images that share a micrograph, hence a mean defocus", minimum=1)
    height_spread_A: float = param(300.0, help="Range of defoci within a micrograph", unit="Å", minimum=0)
