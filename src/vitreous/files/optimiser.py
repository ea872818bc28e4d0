"""optimiser.star: the file that says that an iteration is whole, with every line that RELION wants to find in it."""

import os
from collections.abc import Mapping
from typing import Any

from vitreous.files import star
from vitreous.files.star_blocks import StarFile, list_block

OWN = "vitreous"
"""The block of values that only we know."""


def write(path: str | os.PathLike[str], values: Mapping[str, Any], *, command: str, own: Mapping[str, Any] | None = None) -> None:
    """Write an optimiser.star: values override the plain ones, by RELION's labels; own stand in a block of our own.

    The first lines of the file tell the command, which RELION shows.
    """
    note = (f"# {command}", f"# --o {values.get('rlnOutputRootName', '')}", "", "# version 30001", "")
    blocks = [list_block("optimiser_general", {**PLAIN, **values}, comments=note)]
    star.write(path, StarFile([*blocks, list_block(OWN, own)] if own else blocks))


def read(path: str | os.PathLike[str]) -> dict[str, str]:
    """The values of an optimiser.star by RELION's labels, whoever wrote it."""
    return star.read_list(path, "optimiser_general")


def is_ours(path: str | os.PathLike[str]) -> bool:
    """Whether an optimiser.star is of ours, with what only we know."""
    return OWN in star.read(path)


def read_ours(path: str | os.PathLike[str]) -> dict[str, str]:
    """RELION's values and those that only we know; a file of RELION's, which lacks them, is a UserError."""
    return {**read(path), **star.read_list(path, OWN)}


PLAIN: dict[str, Any] = {
    "rlnOutputRootName": "",
    "rlnModelStarFile": "",
    "rlnExperimentalDataStarFile": "",
    "rlnOrientSamplingStarFile": "",
    "rlnCurrentIteration": 0,
    "rlnNumberOfIterations": 999,
    "rlnDoSplitRandomHalves": 0,
    "rlnJoinHalvesUntilThisResolution": "-1.000000",
    "rlnAdaptiveOversampleOrder": 1,
    "rlnAdaptiveOversampleFraction": "0.999000",
    "rlnRandomSeed": 0,
    "rlnParticleDiameter": "0.000000",
    "rlnWidthMaskEdge": 5,
    "rlnDoZeroMask": 1,
    "rlnDoSolventFlattening": 1,
    "rlnDoSolventFscCorrection": 0,
    "rlnSolventMaskName": "None",
    "rlnSolventMask2Name": "None",
    "rlnBodyStarFile": "None",
    "rlnTauSpectrumName": "None",
    "rlnMaximumCoarseImageSize": -1,
    "rlnHighresLimitExpectation": "-1.000000",
    "rlnLowresLimitExpectation": "-1.000000",
    "rlnIncrementImageSize": 10,
    "rlnDoMapEstimation": 1,
    "rlnDoFastSubsetOptimisation": 0,
    "rlnDoExternalReconstruct": 0,
    "rlnDoStochasticGradientDescent": 0,
    "rlnDoStochasticEM": 0,
    "rlnSgdInitialIterations": 50,
    "rlnSgdFinalIterations": 50,
    "rlnSgdInBetweenIterations": 200,
    "rlnSgdInitialResolution": "35.000000",
    "rlnSgdFinalResolution": "15.000000",
    "rlnSgdInitialSubsetSize": 100,
    "rlnSgdFinalSubsetSize": 500,
    "rlnSgdMuFactor": "0.000000",
    "rlnSgdSigma2FudgeInitial": "8.000000",
    "rlnSgdSigma2FudgeHalflife": -1,
    "rlnSgdSkipAnneal": 0,
    "rlnSgdSubsetSize": -1,
    "rlnSgdWriteEverySubset": 1,
    "rlnSgdStepsize": "0.500000",
    "rlnDoAutoRefine": 0,
    "rlnAutoLocalSearchesHealpixOrder": 4,
    "rlnNumberOfIterWithoutResolutionGain": 0,
    "rlnBestResolutionThusFar": "0.000000",
    "rlnNumberOfIterWithoutChangingAssignments": 0,
    "rlnDoSkipAlign": 0,
    "rlnDoSkipRotate": 0,
    "rlnOverallAccuracyRotations": "999.000000",
    "rlnOverallAccuracyTranslationsAngst": "999.000000",
    "rlnChangesOptimalOrientations": "999.000000",
    "rlnChangesOptimalOffsets": "999.000000",
    "rlnChangesOptimalClasses": "9999999.000000",
    "rlnSmallestChangesOrientations": "999.000000",
    "rlnSmallestChangesOffsets": "999.000000",
    "rlnSmallestChangesClasses": 9999999,
    "rlnLocalSymmetryFile": "None",
    "rlnDoHelicalRefine": 0,
    "rlnIgnoreHelicalSymmetry": 0,
    "rlnFourierMask": "None",
    "rlnHelicalTwistInitial": "0.000000",
    "rlnHelicalRiseInitial": "0.000000",
    "rlnHelicalCentralProportion": "0.300000",
    "rlnNrHelicalNStart": 1,
    "rlnHelicalMaskTubeInnerDiameter": "-1.000000",
    "rlnHelicalMaskTubeOuterDiameter": "-1.000000",
    "rlnHelicalSymmetryLocalRefinement": 0,
    "rlnHelicalSigmaDistance": "-1.000000",
    "rlnHelicalKeepTiltPriorFixed": 0,
    "rlnHasConverged": 0,
    "rlnHasHighFscAtResolLimit": 0,
    "rlnHasLargeSizeIncreaseIterationsAgo": 0,
    "rlnDoCorrectNorm": 0,
    "rlnDoCorrectScale": 0,
    "rlnDoCorrectCtf": 1,
    "rlnDoIgnoreCtfUntilFirstPeak": 0,
    "rlnCtfDataArePhaseFlipped": 0,
    "rlnDoOnlyFlipCtfPhases": 0,
    "rlnRefsAreCtfCorrected": 1,
    "rlnFixSigmaNoiseEstimates": 0,
    "rlnFixSigmaOffsetEstimates": 0,
    "rlnMaxNumberOfPooledParticles": 3,
}
