"""Built-in job types as dotted paths, in the order of the menu; the registry loads a file when it is asked for."""

BUILT_IN: tuple[str, ...] = (
    "vitreous.jobs.import_movies:ImportMovies",
    "vitreous.jobs.import_other:ImportOther",
    "vitreous.jobs.motion_correction:MotionCorrection",
    "vitreous.jobs.ctf_find:CtfFind",
    "vitreous.jobs.manual_pick:ManualPick",
    "vitreous.jobs.auto_pick:AutoPick",
    "vitreous.jobs.extract:Extract",
    "vitreous.jobs.class2d:Class2D",
    "vitreous.jobs.select:Select",
    "vitreous.jobs.initial_model:InitialModel",
    "vitreous.jobs.class3d:Class3D",
    "vitreous.jobs.refine3d:Refine3D",
    "vitreous.jobs.reconstruct:Reconstruct",
    "vitreous.jobs.mask_create:MaskCreate",
    "vitreous.jobs.post_process:PostProcess",
    "vitreous.jobs.local_resolution:LocalRes",
    "vitreous.jobs.model_fsc:ModelFsc",
    "vitreous.jobs.align_symmetry:AlignSymmetry",
    "vitreous.jobs.flip_hand:FlipHand",
    "vitreous.jobs.external:External",
)
