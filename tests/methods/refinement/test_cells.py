"""The compiled passes over cells against plain sums in float64, on fresh numbers each run."""

import secrets

import pytest
import torch

from vitreous.methods.refinement import cells, polar, scores
from vitreous.methods.refinement.polar import PolarGrid


@pytest.fixture
def generator() -> torch.Generator:
    """Seeded anew each run; the seed is printed."""
    seed = secrets.randbits(32)
    print("seed", seed)
    return torch.Generator().manual_seed(seed)


def halves_of(generator: torch.Generator, half: int, pairs: int) -> cells.Halves:
    """Cells that spread over hundreds, as log likelihoods do."""
    scale = 60 * torch.rand((1, pairs), generator=generator)
    return (
        torch.randn((half, pairs), generator=generator) * scale - 300 * torch.rand((1, pairs), generator=generator),
        torch.randn((half, pairs), generator=generator) * scale,
    )


def test_log_sums_are_those_of_all_angles(generator: torch.Generator) -> None:
    halves = halves_of(generator, 27, 333)
    wide = (halves[0].double(), halves[1].double())
    truth = torch.logsumexp(torch.cat((wide[0] + wide[1], wide[0] - wide[1])), 0)
    assert (cells.log_sums(halves) - truth).abs().max() < 2e-4
    assert (cells.log_sums(wide) - truth).abs().max() < 1e-12


def test_posteriors_of_both_branches_agree(generator: torch.Generator) -> None:
    halves = halves_of(generator, 20, 150)
    wide = (halves[0].double(), halves[1].double())
    factor = -cells.log_sums(wide) + torch.log(torch.rand(150, generator=generator, dtype=torch.float64))
    truth = cells.posterior(wide, factor, least=1e-3)
    found = cells.posterior(halves, factor.float(), least=1e-3)
    for mine, theirs in zip(found.folded, truth.folded):
        assert (mine - theirs).abs().max() < 1e-4
    assert (found.top - truth.top).abs().max() < 1e-4
    assert (found.angle == truth.angle).float().mean() > 0.98
    assert (found.many - truth.many).abs().float().mean() < 0.1


def test_one_angle_is_read_and_written_where_it_is(generator: torch.Generator) -> None:
    half, pairs = 12, 40
    halves = halves_of(generator, half, pairs)
    whole = torch.cat((halves[0] + halves[1], halves[0] - halves[1]))
    angle = torch.randint(2 * half, (pairs,), generator=generator)
    assert torch.equal(cells.at_angles(halves, angle), whole[angle, torch.arange(pairs)])
    found = cells.single(angle, torch.rand(pairs, generator=generator), half)
    back = torch.cat((found.folded[0] + found.folded[1], found.folded[0] - found.folded[1])) / 2
    assert torch.equal(back.argmax(0), angle)
    assert torch.allclose(back.sum(0), found.top)


def test_chosen_pairs_have_the_cells_they_have_among_all(generator: torch.Generator) -> None:
    grid, space = PolarGrid(32, 10, 48), scores.Workspace()
    images, references = (
        scores.columns(polar.sample_images(torch.randn((n, 32, 32), generator=generator), grid)) for n in (5, 3)
    )
    x, a = scores.modes(images, grid, space, "x"), scores.modes(references, grid, space, "a")
    every = [half.clone() for half in scores.half_terms(x, a, grid, space)]
    chosen = torch.randperm(15, generator=generator)[:6]
    some = scores.half_terms(x, a, grid, space, chosen=chosen)
    for whole, part in zip(every, some):
        assert torch.allclose(whole[:, chosen], part, rtol=1e-4, atol=1e-4 * float(whole.abs().max()))
    cells_of = scores.cross_terms(x, a, grid, space)
    assert torch.allclose(cells_of.flatten(1), torch.cat((every[0] + every[1], every[0] - every[1])))
