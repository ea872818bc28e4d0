"""Vitreous: cryo-EM single-particle analysis from movies to map. The public face is listed here; docs/python.md shows it."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# name: the module of ours that has it (under the same name, or under that after the colon); loaded on first use, so that
# `import vitreous` is quick and a command's --help never loads torch
_FACE = {
    "Alignment": "methods.motion.settings",
    "BlobSearch": "methods.picking.settings",
    "Class2DSettings": "methods.refinement.settings",
    "Context": "context",
    "CtfParams": "maths.ctf",
    "CtfReview": "notebook.ctf_review",
    "CtfSearch": "methods.ctf.settings",
    "Detector": "methods.motion.correct",
    "Exposure": "methods.motion.settings",
    "ImageStacks": "files.stacks",
    "InMemory": "arrays.source",
    "InitialModelSettings": "methods.initial_model.settings",
    "MaskCreation": "methods.reconstruction.settings",
    "Microscope": "methods.ctf.rings",
    "Mtf": "methods.reconstruction.postprocess",
    "ParticleSettings": "simulation.settings",
    "Placement": "job.placement",
    "Preprocessing": "notebook.preprocessing",
    "Project": "project.project",
    "Reconstruction": "methods.reconstruction.settings",
    "RefineSettings": "methods.refinement.settings3d",
    "SavedSums": "methods.motion.settings",
    "SessionSettings": "simulation.settings",
    "Sharpening": "methods.reconstruction.settings",
    "StackWriter": "files.stacks",
    "Table": "tables.table",
    "UserError": "context",
    "Windows": "methods.extraction.settings",
    "align_movie": "methods.motion.correct:correct",
    "classify2d": "methods.refinement.class2d",
    "create_mask": "methods.reconstruction.mask",
    "estimate_ctf": "methods.ctf.fit:estimate",
    "extract": "methods.extraction.particles",
    "initial_model": "methods.initial_model.descent",
    "open_movie": "files.frames",
    "pick_blobs": "methods.picking.blobs",
    "postprocess": "methods.reconstruction.postprocess",
    "read_defects": "files.frames",
    "read_gain": "files.frames",
    "read_image": "files.mrc",
    "read_map": "files.mrc:read_volume",
    "read_stack": "files.mrc",
    "read_star": "files.star:read_table",
    "read_tables": "files.star_all",
    "reconstruct": "methods.reconstruction.wiener",
    "refine": "methods.refinement.refine3d",
    "run_job": "run.runner:run",
    "show": "drawing.things",
    "show_curves": "drawing.drawings",
    "show_images": "drawing.drawings",
    "show_map": "drawing.drawings",
    "show_micrograph": "drawing.drawings",
    "simulate_particles": "simulation.particles",
    "simulate_session": "simulation.session",
    "write_image": "files.mrc",
    "write_map": "files.mrc:write_volume",
    "write_stack": "files.mrc",
    "write_star": "files.star_all:write_tables",
}

__all__ = sorted(_FACE)


def __getattr__(name: str) -> Any:
    """Load a name of the face on first use (PEP 562)."""
    if name not in _FACE:
        raise AttributeError(f"module 'vitreous' has no attribute {name!r}")
    module, _, inside = _FACE[name].partition(":")
    value = getattr(import_module(f"vitreous.{module}"), inside or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_FACE])
