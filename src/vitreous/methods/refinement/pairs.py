"""What a pass of 2D classification scores: pairs of a class and a column, which is an image at a shift."""

from dataclasses import dataclass

import torch

from vitreous.methods.refinement.sampling import Plan
from vitreous.methods.refinement.turning import Families


@dataclass(frozen=True)
class Pairs:
    """What is scored: columns are images at shifts, `image` and `shift` of each, shifts_px (s, 2) in px; pairs are classes
    with columns: all of (K, columns), or those whose flat index is in `chosen`."""

    image: torch.Tensor
    shift: torch.Tensor
    shifts_px: torch.Tensor
    chosen: torch.Tensor | None = None
    families: Families | None = None
    """Where columns are families of shifts: child by child, each of all families."""

    @staticmethod
    def all(images: int, shifts_px: torch.Tensor) -> "Pairs":
        """Every image with every shift, images fastest, and every class."""
        count = len(shifts_px)
        image, shift = (torch.arange(n, device=shifts_px.device) for n in (images, count))
        return Pairs(image.repeat(count), shift.repeat_interleave(images), shifts_px)

    @staticmethod
    def children(klass: torch.Tensor, image: torch.Tensor, coarse: torch.Tensor, plan: Plan) -> "Pairs":
        """Of given pairs (p,) of the first pass, each once, all children; a family that several classes want is there once."""
        key, at = torch.unique(image * len(plan.children) + coarse, return_inverse=True)
        image, coarse = key // len(plan.children), key % len(plan.children)
        count = plan.children.shape[1]
        columns = torch.arange(count, device=at.device)[:, None] * len(key) + at
        shift = plan.children[coarse].T.flatten()
        chosen = (klass * (count * len(key)) + columns).flatten()
        return Pairs(image.repeat(count), shift, plan.shifts_px, chosen, Families(image, coarse, *plan.family_phases))

    def split(self, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Class and column of each pair."""
        columns = len(self.image)
        flat = torch.arange(classes * columns, device=self.image.device) if self.chosen is None else self.chosen
        return flat // columns, flat % columns
