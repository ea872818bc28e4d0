"""Two passes of the E step against one over everything: on images of a few shapes, fresh noise each run."""

import secrets
from collections.abc import Callable

import numpy as np
import torch

from vitreous.arrays.source import InMemory
from vitreous.maths import masks
from vitreous.methods.refinement import expectation, prepare, scores
from vitreous.methods.refinement.expectation import BlockResult, Model
from vitreous.methods.refinement.sampling import Plan, plan_for
from vitreous.methods.refinement.settings import PlaneSearch

Maker = Callable[..., torch.Tensor]


def expected(images: prepare.Images, raw: np.ndarray, references: torch.Tensor, plan: Plan) -> BlockResult:
    """The E step of a plan."""
    rows = np.arange(len(raw))
    pixels = prepare.pixels(images, raw, rows, origins=np.zeros((len(raw), 2), np.int64), scale=np.ones(len(raw)))
    sigma2 = torch.full((images.box // 2 + 1,), images.box**2 / 2, dtype=torch.float64)
    batch = prepare.on_grid(images, *pixels, rows=rows, sigma2=sigma2, grid=plan.fine)
    shares = torch.full((len(references),), 1 / len(references))
    fine = Model.of(references, plan.fine, shares, offset_sigma_px=2.0, shifts_px=plan.shifts_px)
    rough = None
    if plan.coarse:
        rough = Model.of(references, plan.coarse, shares, offset_sigma_px=2.0, shifts_px=plan.coarse_shifts_px)
    nothing = torch.zeros((len(raw), 2))
    return expectation.expect(batch, (fine, rough), plan, residue=nothing, fixed=None, space=scores.Workspace())


def test_the_first_pass_loses_next_to_nothing(blobs: Maker) -> None:
    box, count = 64, 40
    seed = secrets.randbits(31)
    print("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    references = blobs(5, box, seed, reach=0.15, width=2.0).float()
    references -= references.mean((1, 2), keepdim=True)
    kind = torch.randint(5, (count,), generator=generator)
    noise = 1.2 * torch.randn((count, box, box), generator=generator) * references.std() * 3
    raw = ((references[kind] + noise) / noise.std()).numpy()
    mask = masks.disc(box, 22.0, 4.0)
    images = prepare.Images(InMemory(raw), None, np.zeros(count, np.int64), 3.0, mask, True, False, 0)
    plan = plan_for(PlaneSearch(), box, 20, support_px=26.0, jitter=torch.tensor([0.1, -0.2]))
    assert plan.coarse is not None
    one = Plan(plan.fine, plan.shifts_px, None, 1, plan.coarse_shifts_px[:0], plan.children[:0])
    references = references / noise.std()
    two_passes, exact = (expected(images, raw, references, each) for each in (plan, one))
    lost = exact.log_likelihood - two_passes.log_likelihood
    assert lost.min() > -1e-2
    assert np.median(lost) < 0.05
    assert (two_passes.classes == exact.classes).mean() >= 0.9
    assert abs(float(two_passes.mass.sum()) - count) < 1e-3
    assert float((two_passes.mass - exact.mass).abs().sum()) < 0.1 * count
