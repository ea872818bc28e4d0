"""Every kernel has a reference and a fast version, and they agree over odd and even boxes, batches and the empty batch."""

from pathlib import Path

import pytest
import torch

import vitreous.maths.kernels as kernels
from vitreous.maths.grids import half_weights
from vitreous.maths.kernels.backproject import accumulators, insert
from vitreous.maths.kernels.divide import divide, last_shell, shell_means
from vitreous.maths.kernels.project import prepare, project
from vitreous.maths.kernels.sample import prepare_images, prepare_volume, sample2, sample3
from vitreous.maths.kernels.scatter import scatter
from vitreous.maths.rotations import random_rotations

FOLDERS = sorted(path.parent.name for path in Path(kernels.__file__).parent.glob("*/__init__.py"))
BATCHES = [0, 1, 7]


def both(monkeypatch, work):
    """The result by the reference and by the fast version."""
    found = []
    for name in ("reference", "fast"):
        monkeypatch.setenv("VITREOUS_KERNELS", name)
        found.append(work())
    return found


def expect_close(first, second, tolerance=1e-5):
    assert first.shape == second.shape
    if first.numel():
        largest = float(first.abs().max())
        assert float((first.to(second.dtype) - second).abs().max()) <= tolerance * max(largest, 1e-30)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def volume_of(box, seed=0):
    return torch.randn(box, box, box, generator=generator(seed))


@pytest.mark.parametrize("name", FOLDERS)
def test_the_folder_has_both(name):
    folder = Path(kernels.__file__).parent / name
    assert (folder / "reference.py").is_file() and (folder / "fast_cpu.py").is_file()
    tested = Path(__file__).parent.parent / "maths" / "kernels" / f"test_{name}.py"
    assert tested.is_file(), f"the reference of {name} is not tested against truths"
    assert f"def test_{name}" in Path(__file__).read_text(), f"no comparison for the kernel {name}"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", BATCHES)
@pytest.mark.parametrize(("box", "padding", "r_max"), [(16, 2, 16), (15, 2, 15), (16, 1, 6), (13, 1, 13), (12, 3, 4)])
def test_project(monkeypatch, box, padding, r_max, count, threads):
    ft = prepare(volume_of(box), padding)
    poses = random_rotations(count, generator(1)).float()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        expect_close(*both(monkeypatch, lambda: project(ft, poses, box, r_max, padding=padding)))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("count", BATCHES)
@pytest.mark.parametrize(("box", "padding", "r_max"), [(16, 2, 16), (15, 2, 15), (16, 1, 6), (13, 1, 13), (12, 3, 4)])
def test_backproject(monkeypatch, box, padding, r_max, count, threads):
    shape = (count, box, box // 2 + 1)
    slices = torch.complex(torch.randn(shape, generator=generator(2)), torch.randn(shape, generator=generator(3)))
    weights = torch.rand(shape, generator=generator(4))
    poses = random_rotations(count, generator(5)).float()

    def work():
        data, weight = accumulators(box, padding)
        insert(data, weight, slices, weights, poses, r_max, padding=padding)
        return data, weight

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        first, second = both(monkeypatch, work)
    finally:
        torch.set_num_threads(before)
    expect_close(first[0], second[0])
    expect_close(first[1], second[1])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("count", BATCHES)
@pytest.mark.parametrize(("box", "padding"), [(12, 2), (9, 1), (7, 3)])
def test_scatter(monkeypatch, box, padding, count, threads):
    points = (torch.rand(count, 40, 3, generator=generator(14)) - 0.5) * padding * box * 1.2
    values = torch.randn(count, 40, generator=generator(15), dtype=torch.complex64)
    weights = torch.rand(count, 40, generator=generator(16))

    def work():
        data, weight = accumulators(box, padding)
        scatter(data, weight, points, values, weights, reach=padding * box)
        return data, weight

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        first, second = both(monkeypatch, work)
    finally:
        torch.set_num_threads(before)
    expect_close(first[0], second[0])
    expect_close(first[1], second[1])


@pytest.mark.parametrize("count", BATCHES)
@pytest.mark.parametrize("box", [16, 15])
def test_sample(monkeypatch, box, count):
    kx, ky = (torch.rand(2, 50, generator=generator(6)) - 0.5) * box * 0.99
    images = prepare_images(torch.randn(count, box, box, generator=generator(7)))
    expect_close(*both(monkeypatch, lambda: sample2(images, kx, ky)))
    volume = prepare_volume(volume_of(box))
    poses = random_rotations(count, generator(8)).float()
    kx, ky = kx / 2**0.5, ky / 2**0.5
    expect_close(*both(monkeypatch, lambda: sample3(volume, poses, kx, ky)))


@pytest.mark.parametrize(("box", "padding", "r_max"), [(12, 2, 5.9), (11, 2, 5.5), (10, 1, 3.0), (9, 3, 4.4)])
def test_divide(monkeypatch, box, padding, r_max):
    padded = box * padding
    shape = (padded, padded, padded // 2 + 1)
    weight = torch.rand(shape, generator=generator(9), dtype=torch.float64)
    weight[weight < 0.3] = 0
    data = torch.complex(torch.randn(shape, generator=generator(10)), torch.randn(shape, generator=generator(11)))
    expect_close(*both(monkeypatch, lambda: shell_means(weight, padding=padding, r_max=r_max)))
    shells = last_shell(r_max) + 1
    for prior, floor in ((torch.zeros(shells), torch.full((shells,), 0.01)), (torch.rand(shells), torch.zeros(shells))):

        def work(prior=prior, floor=floor):
            out = data.clone()
            divide(out, weight, padding=padding, r_max=r_max, prior=prior.double(), floor=floor.double())
            return out

        expect_close(*both(monkeypatch, work))


@pytest.mark.parametrize("box", [12, 13])
def test_the_gradient_of_project_is_backproject(monkeypatch, box):
    """The reference differentiates by itself; the fast insertion is that gradient, up to the pairs counted once."""
    monkeypatch.delenv("VITREOUS_KERNELS", raising=False)
    ft = prepare(volume_of(box)).requires_grad_()
    poses = random_rotations(3, generator(12)).float()
    slices = project(ft, poses, box, 4)
    wanted = torch.randn(slices.shape, generator=generator(13)) * (half_weights(box) > 1)
    (slices.real * wanted).sum().backward()
    data, weight = accumulators(box)
    insert(data, weight, wanted.to(torch.complex64), wanted, poses, 4)
    assert ft.grad is not None
    expect_close(ft.grad, data)
