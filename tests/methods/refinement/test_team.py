"""Members that share the images of an iteration find what one alone finds, whatever their number."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.context import Context, Team
from vitreous.files import mrc, star
from vitreous.files.stacks import ImageStacks
from vitreous.maths import rotations
from vitreous.methods.initial_model import results
from vitreous.methods.initial_model.descent import InitialModel
from vitreous.methods.initial_model.settings import Descent, InitialModelSettings, Poses, Shape
from vitreous.methods.refinement import refine3d, schedule
from vitreous.methods.refinement.class2d import classify2d
from vitreous.methods.refinement.schedule import Block
from vitreous.methods.refinement.settings import Class2DSettings, Classification
from vitreous.methods.refinement.settings3d import Optimisation, Reference, RefineSettings, Sampling
from vitreous.methods.refinement.state import State
from vitreous.methods.refinement.stock import Stock
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen
from vitreous.tables.table import Table

DIAMETER_A = 150.0


class Counted:
    """Images that note which were read."""

    def __init__(self, images: np.ndarray) -> None:
        self.inner = InMemory(images)
        self.read_rows: set[int] = set()

    def __len__(self) -> int:
        return len(self.inner)

    def read(self, indices: Any) -> np.ndarray:
        self.read_rows.update(np.asarray(indices).tolist())
        return self.inner.read(indices)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """240 noisy particles of a specimen without symmetry, 32 pixels, in two optics groups, one image of them empty."""
    folder = tmp_path_factory.mktemp("small")
    specimen = Specimen(symmetry="C1", seed=1)
    simulate_particles(ParticleSettings(count=240, box=32, pixel_size_A=6.4, snr=0.2, specimen=specimen), folder, Context(seed=1))
    table = star.read_table(folder / "particles.star", "particles")
    pixels = ImageStacks(table["image"].tolist()).read(np.arange(240)).copy()
    pixels[170] = 0.0
    optics = {name: np.repeat(table.optics[name], 2) for name in table.optics} | {"optics_group": np.array([1, 2])}
    columns = {name: table[name] for name in table} | {"optics_group": np.repeat([1, 2], [100, 140])}
    columns["micrograph"] = np.array([f"m{row // 60}.mrc" for row in range(240)], object)
    table = Table(columns, "particles", Table(optics, "optics"))
    return SimpleNamespace(table=table, images=pixels, volume=mrc.read_volume(folder / "true_map.mrc")[0])


def close(one: Any, two: Any, *, within: float) -> None:
    """Arrays equal up to `within` of the largest value of the first."""
    first, second = np.asarray(one, float), np.asarray(two, float)
    np.testing.assert_allclose(first, second, rtol=0, atol=within * float(np.abs(first[np.isfinite(first)]).max()))


def test_blocks_are_cut_where_a_share_ends() -> None:
    blocks = list(schedule.blocks_of(np.arange(23), np.repeat([0, 1], [15, 8]), 6))
    parts = [schedule.part_of(blocks, Team(rank, 4).share(23)) for rank in range(4)]
    assert [sum(len(block.rows) for block in part) for part in parts] == [5, 6, 6, 6]
    assert np.concatenate([block.rows for part in parts for block in part]).tolist() == list(range(23))
    halves = {int(row): (block.group, block.half) for block in blocks for row in block.rows}
    assert all(halves[int(row)] == (block.group, block.half) for part in parts for block in part for row in block.rows)
    whole = schedule.part_of(blocks, Team().share(23))
    assert all(_same(one, two) for one, two in zip(whole, blocks, strict=True))


def _same(one: Block, two: Block) -> bool:
    return one.group == two.group and one.half == two.half and bool((one.rows == two.rows).all())


def _em() -> dict[str, Any]:
    return {"use_em": True, "use_mini_batches": False, "em_iterations": 3}


@pytest.mark.parametrize(
    ("members", "how"), [(2, _em()), (4, _em()), (3, {"mini_batches": 6})], ids=["em, 2", "em, 4", "mini-batches, 3"]
)
def test_2d_classes(small: SimpleNamespace, as_members: Callable[..., Any], members: int, how: dict[str, Any]) -> None:
    settings = Class2DSettings(classification=Classification(classes=3, particle_diameter_A=DIAMETER_A, **how))

    def run(team: Team) -> Any:
        *_, state = classify2d(InMemory(small.images), small.table, settings, Context(seed=4, team=team))
        return state

    alone, together = run(Team()), as_members(members, run)
    for state in together:
        assert state.iteration == alone.iteration
        assert state.shells == alone.shells
        close(alone.references, state.references, within=1e-3)
        close(alone.sigma2, state.sigma2, within=1e-5)
        close(alone.shares, state.shares, within=1e-4)
        assert len(state.scales.factors) == 4 and np.ptp(state.scales.factors) > 1e-3
        close(alone.scales.factors, state.scales.factors, within=1e-3)
        assert (alone.poses.classes == state.poses.classes).mean() > 0.99
    for field in fields(together[0]):
        values = [getattr(state, field.name) for state in together]
        if isinstance(values[0], torch.Tensor):
            assert all(torch.equal(values[0], value) for value in values), f"{field.name} differs between members"


def test_poses_of_2d_classes_are_not_sent(small: SimpleNamespace) -> None:
    """Each member works them out: of a million images they are much."""
    told: list[Any] = []

    def spread(value: Any) -> Any:
        told.append(value)
        return value

    settings = Class2DSettings(classification=Classification(classes=2, particle_diameter_A=DIAMETER_A, **_em()))
    *_, last = classify2d(InMemory(small.images), small.table, settings, Context(seed=4, team=Team(spread=spread)))
    sent = [value for value in told if isinstance(value, State) and value.iteration]
    assert [state.iteration for state in sent] == [1, 2, 3]
    assert all(len(state.poses.classes) == 0 for state in sent) and len(last.poses.classes) == len(small.images)


def refinement(rounds: int) -> RefineSettings:
    return RefineSettings(
        reference=Reference(symmetry="C1", low_pass_A=40.0),
        sampling=Sampling(step="15 degrees", offset_range_px=2.0),
        optimisation=Optimisation(particle_diameter_A=DIAMETER_A, most_rounds=rounds),
    )


@pytest.mark.parametrize(
    ("members", "memory_GB"),
    [(2, 4.0), (4, 4.0), pytest.param(3, 0.0005, marks=pytest.mark.slow)],
    ids=["2", "4", "3, images on disk"],
)
def test_a_refinement(small: SimpleNamespace, as_members: Callable[..., Any], members: int, memory_GB: float) -> None:
    def run(team: Team) -> Any:
        context = Context(seed=4, team=team, memory_GB=memory_GB)
        _, *states = refine3d.refine(InMemory(small.images), small.table, small.volume, refinement(2), context=context)
        return states

    alone, together = run(Team()), as_members(members, run)
    for states in together:
        # A rounding may end a climb a step sooner or later: of few images, but all that follow climb on a map with this change.
        alike(alone[0], states[0], noise=1e-5, maps=3e-3, turn_deg=1e-4)
        alike(alone[-1], states[-1], noise=1e-3, maps=2e-2, turn_deg=0.02)
        assert np.array_equal(states[-1].joined, together[0][-1].joined)
        assert np.array_equal(states[-1].modes.rotations, together[0][-1].modes.rotations)


def alike(one: Any, two: Any, *, noise: float, maps: float, turn_deg: float) -> None:
    """Two states of a refinement with noise, FSC and maps that agree, and poses: turn_deg by the median, 1 degree for 98 %."""
    assert (one.stage, one.reach, one.finished) == (two.stage, two.reach, two.finished)
    close(one.noise, two.noise, within=noise)
    close(one.fsc, two.fsc, within=maps / 2)
    for mine, other in zip((*one.references, one.joined), (*two.references, two.joined)):
        close(mine, other, within=maps)
    turned = rotations.distance_deg(torch.from_numpy(one.best[0]), torch.from_numpy(two.best[0]))
    assert float(turned.median()) < turn_deg
    assert float((turned < 1.0).float().mean()) > 0.98


def test_a_member_reads_its_own_images_and_all_know_the_bad_ones(small: SimpleNamespace, as_members: Callable[..., Any]) -> None:
    def run(team: Team) -> tuple[Stock, set[int]]:
        images = Counted(small.images)
        return refine3d.stock_of(images, small.table, refinement(1), Context(team=team)), images.read_rows

    stocks = as_members(4, run)
    assert [sorted(rows - {0}) for _, rows in stocks] == [list(range(max(1, 60 * r), 60 * r + 60)) for r in range(4)]
    assert [list(stock.bad) for stock, _ in stocks] == [[170]] * 4
    alone = run(Team())[0]
    rows = np.array([3, 150, 239])
    assert np.array_equal(alone.batch(rows).masked, stocks[2][0].batch(rows).masked)


def test_an_initial_model(small: SimpleNamespace, as_members: Callable[..., Any]) -> None:
    settings = InitialModelSettings(
        descent=Descent(starts=1, rounds=1, mini_batches=10),
        shape=Shape(particle_diameter_A=DIAMETER_A),
        poses=Poses(step="30 degrees", offset_range_px=2.0),
    )

    def steps(team: Team) -> Iterator[Any]:
        engine = InitialModel(InMemory(small.images), small.table, settings, Context(seed=4, team=team))
        state = engine.begin()
        while not state.finished:
            state = engine.step(state)
            yield engine, state

    def run(team: Team) -> list[Any]:
        return list(steps(team))

    alone, together = run(Team()), as_members(3, run)
    for member in together:
        for (_, mine), (_, other) in zip(alone, member, strict=True):
            close(mine.maps[0], other.maps[0], within=5e-3)
            assert abs(mine.score - other.score) < 1e-5 * abs(mine.score)
        engine, state = member[-1]
        columns, first = results.columns(engine, state), results.columns(*alone[-1])
        assert len(columns["rot_deg"]) == 240
        assert (np.abs(columns["origin_x_A"] - first["origin_x_A"]) < 0.1).mean() > 0.99
    assert np.array_equal(together[0][-1][1].posed.shares, together[2][-1][1].posed.shares)
