"""Where a 3D refinement that RELION ran stands, in the words of ours: its optimiser and models lack what only we write."""

from collections.abc import Mapping
from typing import Any


def standing(said: Mapping[str, str], model: Mapping[str, Any]) -> dict[str, str]:
    """The values of RELION's optimiser (files.optimiser.read) with ours made of them and of a half's model (halves.read_model).

    RELION searches all directions, then around the last ones: our global and local stage. The rounds that it has had
    are not counted against ours, and the last round is ours to find.
    """
    best_per_A = float(said["rlnBestResolutionThusFar"])
    width_A = model["box"] * model["pixel_size_A"]
    return {
        **said,
        "vitreousStage": "local" if model["local_sigma_deg"] > 0 else "global",
        "vitreousGlobalRounds": "0",
        "vitreousBestShell": str(round(width_A * best_per_A)),
        "vitreousReach": str(model["reach"]),
        "vitreousMove": str(float(said["rlnChangesOptimalOffsets"]) / model["pixel_size_A"]),
        "vitreousFinished": "0",
    }
