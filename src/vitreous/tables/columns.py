"""The dictionary of columns: our name, RELION's label, type, unit and meaning; a line for each."""

from dataclasses import dataclass
from typing import Literal

Type = Literal["float", "int", "bool", "str", "vector"]


@dataclass(frozen=True)
class Column:
    """One column of any table: `label` is RELION's without the leading underscore."""

    name: str
    label: str
    type: Type
    unit: str
    meaning: str


COLUMNS: tuple[Column, ...] = (
    # optics groups
    Column("optics_group", "rlnOpticsGroup", "int", "", "Number of the optics group that the row belongs to"),
    Column("optics_group_name", "rlnOpticsGroupName", "str", "", "Name of the optics group"),
    Column("mtf_path", "rlnMtfFileName", "str", "", "STAR file with the detector's MTF"),
    Column("voltage_kV", "rlnVoltage", "float", "kV", "Acceleration voltage"),
    Column("cs_mm", "rlnSphericalAberration", "float", "mm", "Spherical aberration"),
    Column("amplitude_contrast", "rlnAmplitudeContrast", "float", "", "Fraction of amplitude contrast"),
    Column("original_pixel_size_A", "rlnMicrographOriginalPixelSize", "float", "Å", "Pixel size of the movie frames"),
    Column("micrograph_pixel_size_A", "rlnMicrographPixelSize", "float", "Å", "Pixel size of the micrograph"),
    Column("pixel_size_A", "rlnImagePixelSize", "float", "Å", "Pixel size of particle images"),
    Column("box", "rlnImageSize", "int", "px", "Side of the square particle images"),
    Column("dimensions", "rlnImageDimensionality", "int", "", "2 for images, 3 for volumes"),
    Column("ctf_premultiplied", "rlnCtfDataAreCtfPremultiplied", "bool", "", "Images are already multiplied by their CTF"),
    Column("beam_tilt_x_mrad", "rlnBeamTiltX", "float", "mrad", "Beam tilt along x"),
    Column("beam_tilt_y_mrad", "rlnBeamTiltY", "float", "mrad", "Beam tilt along y"),
    Column("magnification", "rlnMagnification", "float", "", "Nominal magnification (RELION 3.0 and older)"),
    Column("detector_pixel_size_um", "rlnDetectorPixelSize", "float", "µm", "Detector pixel (RELION 3.0 and older)"),
    Column("plain_pixel_size_A", "rlnPixelSize", "float", "Å", "Pixel size of a map or image"),
    # movies and micrographs
    Column("movie", "rlnMicrographMovieName", "str", "", "Path of the movie"),
    Column("micrograph", "rlnMicrographName", "str", "", "Path of the micrograph"),
    Column("micrograph_no_dw", "rlnMicrographNameNoDW", "str", "", "Path of the sum without dose weighting"),
    Column("micrograph_metadata", "rlnMicrographMetadata", "str", "", "STAR file with the motion of the movie"),
    Column("power_spectrum", "rlnCtfPowerSpectrum", "str", "", "Power spectrum from motion correction"),
    Column("ctf_image", "rlnCtfImage", "str", "", "Diagnostic image of the CTF fit"),
    Column("accumulated_motion_A", "rlnAccumMotionTotal", "float", "Å", "Path length of the whole-frame motion"),
    Column("early_motion_A", "rlnAccumMotionEarly", "float", "Å", "Path length up to 4 e/Å2"),
    Column("late_motion_A", "rlnAccumMotionLate", "float", "Å", "Path length after 4 e/Å2"),
    Column("coordinates_file", "rlnMicrographCoordinates", "str", "", "STAR file with the picks of the micrograph"),
    # CTF
    Column("defocus_u_A", "rlnDefocusU", "float", "Å", "Larger defocus; positive is under focus"),
    Column("defocus_v_A", "rlnDefocusV", "float", "Å", "Smaller defocus"),
    Column("defocus_angle_deg", "rlnDefocusAngle", "float", "°", "Angle of defocus_u from the x axis"),
    Column("phase_shift_deg", "rlnPhaseShift", "float", "°", "Phase plate's phase shift"),
    Column("ctf_bfactor_A2", "rlnCtfBfactor", "float", "Å2", "Envelope exp(-B k2/4) of the CTF"),
    Column("ctf_scale", "rlnCtfScalefactor", "float", "", "Scale of the CTF"),
    Column("ctf_fom", "rlnCtfFigureOfMerit", "float", "", "Correlation of spectrum and fitted CTF"),
    Column("ctf_resolution_A", "rlnCtfMaxResolution", "float", "Å", "Resolution to which the rings fit"),
    Column("ctf_astigmatism_A", "rlnCtfAstigmatism", "float", "Å", "defocus_u - defocus_v"),
    # picks and particles
    Column("x_px", "rlnCoordinateX", "float", "px", "Centre of the particle in the micrograph, from the first column"),
    Column("y_px", "rlnCoordinateY", "float", "px", "Centre of the particle in the micrograph, from the first row"),
    Column("pick_fom", "rlnAutopickFigureOfMerit", "float", "", "Figure of merit of the pick"),
    Column("image", "rlnImageName", "str", "", "index@stack, index from 1"),
    Column("rot_deg", "rlnAngleRot", "float", "°", "First Euler angle"),
    Column("tilt_deg", "rlnAngleTilt", "float", "°", "Second Euler angle"),
    Column("psi_deg", "rlnAnglePsi", "float", "°", "Third Euler angle: in-plane"),
    Column("origin_x_A", "rlnOriginXAngst", "float", "Å", "Shift along x that centres the image"),
    Column("origin_y_A", "rlnOriginYAngst", "float", "Å", "Shift along y that centres the image"),
    Column("origin_x_px", "rlnOriginX", "float", "px", "Shift along x in pixels (RELION 3.0 and older)"),
    Column("origin_y_px", "rlnOriginY", "float", "px", "Shift along y in pixels (RELION 3.0 and older)"),
    Column("origin_z_px", "rlnOriginZ", "float", "px", "Shift along z in pixels (RELION 3.0 and older)"),
    Column("origin_z_A", "rlnOriginZAngst", "float", "Å", "Shift along z that centres the subtomogram"),
    Column("origin_x_prior_px", "rlnOriginXPrior", "float", "px", "Prior of the shift along x in pixels (3.0 and older)"),
    Column("origin_y_prior_px", "rlnOriginYPrior", "float", "px", "Prior of the shift along y in pixels (3.0 and older)"),
    Column("origin_z_prior_px", "rlnOriginZPrior", "float", "px", "Prior of the shift along z in pixels (3.0 and older)"),
    Column("origin_x_prior_A", "rlnOriginXPriorAngst", "float", "Å", "Centre of the prior of the shift along x"),
    Column("origin_y_prior_A", "rlnOriginYPriorAngst", "float", "Å", "Centre of the prior of the shift along y"),
    Column("origin_z_prior_A", "rlnOriginZPriorAngst", "float", "Å", "Centre of the prior of the shift along z"),
    Column("class_number", "rlnClassNumber", "int", "", "Class, from 1"),
    Column("half", "rlnRandomSubset", "int", "", "Half set, 1 or 2"),
    Column("norm_correction", "rlnNormCorrection", "float", "", "Factor of the image's noise"),
    Column("group_number", "rlnGroupNumber", "int", "", "Number of the scale group"),
    Column("log_likelihood", "rlnLogLikeliContribution", "float", "", "Log-likelihood of the image"),
    Column("pmax", "rlnMaxValueProbDistribution", "float", "", "Largest posterior probability"),
    Column("significant_samples", "rlnNrOfSignificantSamples", "int", "", "Poses that hold 99.9 % of the posterior"),
    # classes of a model
    Column("reference_image", "rlnReferenceImage", "str", "", "Class average, index@stack, or map"),
    Column("class_distribution", "rlnClassDistribution", "float", "", "Fraction of the particles in the class"),
    Column("rotation_accuracy_deg", "rlnAccuracyRotations", "float", "°", "Error of rotation that the signal allows; 999: unknown"),
    Column("shift_accuracy_A", "rlnAccuracyTranslationsAngst", "float", "Å", "Error of shift that the signal allows; 999: unknown"),
    Column("estimated_resolution_A", "rlnEstimatedResolution", "float", "Å", "Resolution to which the class has signal"),
    Column("fourier_completeness", "rlnOverallFourierCompleteness", "float", "", "Fraction of Fourier space with data"),
    Column("class_prior_x_A", "rlnClassPriorOffsetX", "float", "Å", "Centre of the prior of shifts along x"),
    Column("class_prior_y_A", "rlnClassPriorOffsetY", "float", "Å", "Centre of the prior of shifts along y"),
    Column("class_score", "rlnClassScore", "float", "", "How good the class average is, 0 (rubbish) to 1"),
    Column("class_index", "rlnClassIndex", "int", "", "Number of the class in the model it was chosen from"),
    Column("predicted_class_score", "rlnPredictedClassScore", "float", "", "Class score that RELION's ranker gave"),
    Column("selected", "rlnSelected", "int", "", "1 if the class was chosen, 0 if not"),
)

BY_LABEL: dict[str, Column] = {column.label: column for column in COLUMNS}
BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}


def name_of(label: str) -> str:
    """Our name for a STAR label; the label itself when the dictionary does not have it."""
    return BY_LABEL[label].name if label in BY_LABEL else label


def label_of(name: str) -> str:
    """The STAR label of a column; a name that is not in the dictionary is its own label."""
    return BY_NAME[name].label if name in BY_NAME else name
