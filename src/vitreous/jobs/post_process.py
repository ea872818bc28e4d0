"""PostProcess: half maps to a sharpened map and its resolution."""

from collections.abc import Mapping, Sequence
from typing import Any

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job, output
from vitreous.methods.reconstruction.settings import Sharpening


@job(
    "relion.postprocess",
    number=15,
    folder="PostProcess",
    title="Post-processing",
    version=1,
    command="post-process",
)
class PostProcess(MapJob):
    """Measure the resolution of two half maps in a mask, and sharpen their mean."""

    half1: str = input(
        kind="halfmap",
        relion="fn_in",
        help="One of the two unfiltered half maps; the other's name has half2 in place of half1.",
    )
    solvent_mask: str = input(
        kind="mask", relion="fn_mask", optional=True, help="Soft mask of the same size, 1 in the particle. Empty: no mask."
    )
    mtf: str = input(
        kind="file", relion="fn_mtf", optional=True, tab="Sharpen", help="STAR file with the detector's MTF. Empty: none."
    )
    sharpening: Sharpening = group(Sharpening, tab="Sharpen")

    volume = output("postprocess.mrc", kind="finalmap", help="The sharpened map")
    masked = output("postprocess_masked.mrc", kind="finalmap", help="The sharpened map inside the mask")
    curves = output("postprocess.star", kind="postprocess", help="Resolution, FSC curves, Guinier plot")
    xml = output("postprocess_fsc.xml", kind="file", help="The corrected FSC for deposition")

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work."""
        return [Unit("postprocess", {"half1": self.half1, "half2": self.half2(), "mask": self.solvent_mask})]

    def half2(self) -> str:
        """The path of the other half map."""
        from vitreous.files.half_maps import other_half

        return other_half(self.half1)

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Read, sharpen, write."""
        import torch

        from vitreous.files import mrc
        from vitreous.files.curves import read_mtf
        from vitreous.methods.reconstruction.postprocess import Mtf, postprocess

        first, header_A = mrc.read_volume(self.half1)
        second, _ = mrc.read_volume(self.half2())
        voxel_A = self.sharpening.voxel_size_A if self.sharpening.voxel_size_A > 0 else header_A
        if voxel_A <= 0:
            raise UserError(f"{self.half1} does not say its voxel size: give it (angpix)")
        mask = torch.from_numpy(mrc.read_volume(self.solvent_mask)[0]) if self.solvent_mask else None
        mtf = Mtf(*(torch.from_numpy(values) for values in read_mtf(self.mtf))) if self.mtf else None
        halves = (torch.from_numpy(first), torch.from_numpy(second))
        made = postprocess(*halves, voxel_size_A=voxel_A, mask=mask, mtf=mtf, settings=self.sharpening, context=context)
        for name, volume in ((self.volume.name, made.volume), (self.masked.name, made.masked)):
            mrc.write_volume(context.folder / name, volume.numpy(), pixel_size_A=voxel_A)
        self._write_curves(made, mask, context)
        context.note(f"resolution {made.resolution_A:.2f} Å (FSC 0.143), B-factor {made.bfactor_A2:.1f} Å2")
        if made.curves.mask_dropped:
            context.note("the curve without mask reached further than the corrected one, which it replaces: look at the mask")
        elif (noise := float(made.curves.randomised[made.curves.shell])) > 0.1:
            context.note(f"FSC of randomised phases is {noise:.2f} at the resolution: the mask is too tight; soften or widen it")
        return {"resolution_A": made.resolution_A, "bfactor_A2": made.bfactor_A2}

    def _write_curves(self, made: Any, mask: Any, context: Context) -> None:
        from vitreous.files import star
        from vitreous.files.curves import fsc_block, guinier_block, write_fsc_xml
        from vitreous.files.star_blocks import StarFile, list_block
        from vitreous.methods.reconstruction.fsc_correction import inside_the_particle

        box = made.volume.shape[-1]
        size_A = box * made.voxel_size_A
        curves, guinier = made.curves, made.guinier
        general: dict[str, Any] = {
            "rlnFinalResolution": made.resolution_A,
            "rlnBfactorUsedForSharpening": made.bfactor_A2,
            "rlnUnfilteredMapHalf1": self.half1,
            "rlnUnfilteredMapHalf2": self.half2(),
        }
        if self.solvent_mask:
            general["rlnMaskName"] = self.solvent_mask
            if curves.randomised_from <= box // 2:
                general["rlnRandomiseFrom"] = size_A / curves.randomised_from
        if guinier.slope == guinier.slope:  # not nan: a line was fitted
            general["rlnFittedSlopeGuinierPlot"] = guinier.slope
            general["rlnFittedInterceptGuinierPlot"] = guinier.intercept
            general["rlnCorrelationFitGuinierPlot"] = abs(guinier.correlation)
        fsc = {
            "rlnFourierShellCorrelationCorrected": curves.corrected.numpy(),
            "rlnFourierShellCorrelationUnmaskedMaps": curves.unmasked.numpy(),
            "rlnFourierShellCorrelationMaskedMaps": curves.masked.numpy(),
            "rlnCorrectedFourierShellCorrelationPhaseRandomizedMaskedMaps": curves.randomised.numpy(),
        }
        if mask is not None:
            ratio, inside = inside_the_particle(curves.unmasked, mask)
            general["rlnParticleBoxFractionSolventMask"] = ratio
            fsc["rlnFourierShellCorrelationParticleMaskFraction"] = inside.numpy()
        logs = {name: getattr(guinier, name).numpy() for name in ("original", "weighted", "sharpened")}
        intercept = guinier.intercept if guinier.slope == guinier.slope else 0.0
        line = guinier_block(guinier.inverse_d2.numpy(), **logs, intercept=intercept)
        blocks = [list_block("general", general), fsc_block(size_A, fsc), line]
        star.write(context.folder / self.curves.name, StarFile(blocks))
        frequency = [shell / size_A for shell in range(box // 2 + 1)]
        title = "Masked-corrected FSC" if self.solvent_mask else "Unmasked FSC"
        write_fsc_xml(context.folder / self.xml.name, frequency_1_A=frequency, fsc=curves.corrected.numpy(), title=title)

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote all files."""
