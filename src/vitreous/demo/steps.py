"""The chain of the demonstration as commands: what a user would type, with the folders of earlier steps filled in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vitreous.demo import keys
from vitreous.demo.settings import DemoSettings
from vitreous.simulation.settings import Camera, SessionSettings, Specimen
from vitreous.simulation.specimen import make_specimen

BOX_PX, WORK_BOX_PX = 128, 112


@dataclass(frozen=True)
class Session:
    """What the microscopist knows: the recording, and about how large the particle is."""

    settings: SessionSettings
    diameter_A: float
    folder: str = "session"

    @property
    def dose_per_frame_e_A2(self) -> float:
        """Dose of one frame in e/Å2."""
        return self.settings.camera.dose_e_A2 / self.settings.camera.frames

    @property
    def words(self) -> dict[str, str]:
        """Values that the steps' arguments name."""
        camera, microscope = self.settings.camera, self.settings.microscope
        return {
            "session": self.folder,
            "pixel": f"{camera.pixel_size_A:g}",
            "voltage": f"{microscope.voltage_kV:g}",
            "dose": f"{self.dose_per_frame_e_A2:.6g}",
            "symmetry": self.settings.specimen.symmetry,
            "small": f"{0.8 * self.diameter_A:.0f}",
            "large": f"{1.05 * self.diameter_A:.0f}",
            "mask": f"{1.12 * self.diameter_A:.0f}",
            "mass": f"{self.settings.specimen.mass_kDa:g}",
        }


def session_of(settings: DemoSettings) -> Session:
    """The session that the demonstration simulates; its box of truth matches the extracted one."""
    specimen = Specimen(symmetry=settings.symmetry, seed=settings.seed)
    simulated = SessionSettings(movies=settings.movies, specimen=specimen, camera=Camera(), map_box=BOX_PX)
    return Session(simulated, make_specimen(specimen).diameter_A)


@dataclass(frozen=True)
class Step:
    """One job of the chain: its alias in the project, its command with arguments, and how to say what came out."""

    alias: str
    command: str
    line: str
    figure: Callable[[Path], str]
    is_map: bool = False

    def arguments(self, session: Session, folders: Mapping[str, str]) -> list[str]:
        """The arguments with the session's values, the folders of earlier steps and the roots of their last files in place."""
        last = {f"last_{alias}": keys.last_root(Path(folder)) for alias, folder in folders.items()}
        return self.line.format(**session.words, **folders, **last).split()


@dataclass(frozen=True)
class Line:
    """One row of the table that the demonstration prints: step, seconds of work, key figure."""

    title: str
    seconds: float
    figure: str


STEPS = (
    Step(
        "imported",
        "import",
        "--files {session}/movies/*.tiff --pixel-size {pixel} --voltage {voltage} --cs 2.7",
        keys.imported,
    ),
    Step(
        "aligned",
        "motion-correction",
        "--movies {imported}/movies.star --gain-reference {session}/gain.mrc --defects {session}/defects.txt "
        "--dose-per-frame {dose} --patches-x 3 --patches-y 3",
        keys.motion,
        is_map=True,
    ),
    Step("focused", "ctf-find", "--micrographs {aligned}/corrected_micrographs.star", keys.defocus, is_map=True),
    Step(
        "picked",
        "auto-pick",
        "--micrographs {focused}/micrographs_ctf.star --min-diameter {small} --max-diameter {large}",
        keys.picks,
        is_map=True,
    ),
    Step(
        "extracted",
        "extract",
        "--micrographs {focused}/micrographs_ctf.star --coordinates {picked}/autopick.star "
        f"--box-px {BOX_PX} --resize --rescaled-box-px {WORK_BOX_PX}",
        keys.particles,
        is_map=True,
    ),
    Step(
        "classified",
        "class2d",
        "--particles {extracted}/particles.star --classes 20 --particle-diameter {mask}",
        keys.classes,
    ),
    Step("selected", "select", "--model {classified} --by-score --least-score 0.3", keys.particles),
    Step(
        "begun",
        "initial-model",
        "--particles {selected}/particles.star --particle-diameter {mask} --symmetry {symmetry}",
        keys.initial_model,
    ),
    Step(
        "refined",
        "refine3d",
        "--particles {selected}/particles.star --reference {begun}/initial_model.mrc --particle-diameter {mask} "
        "--symmetry {symmetry} --low-pass 40",
        keys.refinement,
    ),
    Step("masked", "mask-create", "--map {last_refined}_class001.mrc --mass {mass}", keys.mask),
    Step(
        "sharpened",
        "post-process",
        "--half1 {last_refined}_half1_class001_unfil.mrc --solvent-mask {masked}/mask.mrc",
        keys.sharpening,
    ),
)
