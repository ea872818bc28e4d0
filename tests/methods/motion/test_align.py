import numpy as np
import pytest

from vitreous.methods.motion import align


def scene(seed, shape):
    """A smooth random picture, as its half transform."""
    noise = np.random.default_rng(seed).normal(size=shape)
    ky, kx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    return np.fft.rfft2(noise) * np.exp(-(kx**2 + ky**2) / (2 * 0.06**2))


def moved(transform, shape, shift):
    """The specimen moved by shift (x, y)."""
    ky, kx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    return np.fft.irfft2(transform * np.exp(-2j * np.pi * (kx * shift[0] + ky * shift[1])), s=shape)


def frames(seed, shape, track, noise):
    generator = np.random.default_rng(1000 + seed)
    transform = scene(seed, shape)
    transform /= moved(transform, shape, (0, 0)).std()
    pictures = [moved(transform, shape, shift) + noise * generator.normal(size=shape) for shift in track]
    return np.stack([np.fft.rfft2(p) for p in pictures]).astype(np.complex64)


def found(transforms, shape, bfactor=150.0):
    seen = align.window(shape, bfactor)
    small = seen.cut(transforms)
    return align.whole_frames(small, align.whitened(small, seen), max_shift_px=50)


@pytest.mark.parametrize("shape", [(300, 420), (421, 301)])
def test_whole_and_fractional_shifts_without_noise(shape):
    track = np.array([[0, 0], [3, -5], [7.3, 2.25], [-4.6, 0.5], [10, 10], [2.5, -7.75]])
    shifts = found(frames(1, shape, track, 0.3), shape)
    assert shifts[0] == pytest.approx([0, 0])
    assert shifts == pytest.approx(-(track - track[0]), abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_a_noisy_drift_is_followed_to_a_tenth_of_a_pixel(seed):
    t = np.arange(24)
    track = np.stack([8 * (1 - np.exp(-t / 5)), -0.15 * t], axis=1)
    shifts = found(frames(seed, (512, 512), track, 3.0), (512, 512))
    error = shifts + track
    assert np.sqrt(np.mean((error - error.mean(0)) ** 2)) < 0.1


def test_two_frames_and_one():
    track = np.array([[0.0, 0], [4, -3]])
    assert found(frames(0, (256, 256), track, 0.2), (256, 256))[1] == pytest.approx([-4, 3], abs=0.15)
    assert (found(frames(0, (256, 256), track[:1], 0.2), (256, 256)) == 0).all()


def test_a_lost_frame_does_not_spoil_the_others():
    t = np.arange(20)
    track = np.stack([0.3 * t, 0.1 * t], axis=1)
    transforms = frames(2, (400, 400), track, 1.0)
    transforms[9] = np.fft.rfft2(np.random.default_rng(0).normal(size=(400, 400)))
    error = found(transforms, (400, 400)) + track
    assert np.abs(np.delete(error, 9, axis=0)).max() < 0.3
    assert np.abs(error[9]).max() < 3


def test_slopes_are_those_of_the_correlation():
    shape = (256, 300)
    track = np.array([[0, 0], [1.0, 0.5], [-0.5, 1.0]])
    transforms = frames(4, shape, track, 0.5)
    seen = align.window(shape, 150.0)
    small = seen.cut(transforms)
    weight = 2 * seen.weight
    weight[:, 0] = seen.weight[:, 0]
    shifts = np.array([[0.3, -0.2], [0.1, 0.4], [0.0, 0.0]])

    def correlation(index, at):
        y, x = seen.phases(np.where(np.arange(3)[:, None] == index, at, shifts))
        now = (small * y * x).astype(np.complex128)
        return float(np.sum((now.sum(0) - now[index]).conj() * now[index] * weight).real)

    slope = align.slopes(small, seen, shifts)
    step = 0.05
    for index in range(3):
        here = correlation(index, shifts[index])
        for axis in range(2):
            ahead, behind = (shifts[index] + sign * step * np.eye(2)[axis] for sign in (1, -1))
            first = (correlation(index, ahead) - correlation(index, behind)) / (2 * step)
            second = (correlation(index, ahead) + correlation(index, behind) - 2 * here) / step**2
            assert slope.gradient[index, axis] == pytest.approx(first, rel=2e-3, abs=1e-3 * abs(second))
            assert slope.curvature[index, axis, axis] == pytest.approx(-second, rel=1e-2)


def test_the_window_keeps_what_weighs():
    seen = align.window((3000, 2000), 150.0)
    assert seen.crop[0] < 1000 and seen.crop[1] < 700
    assert align.window((3000, 2000), 0.0).crop == (3000, 2000)
    assert align.window((100, 90), 150.0).crop == (100, 90)


def test_the_scatter_foretells_the_error():
    shape, track = (400, 400), np.zeros((30, 2))
    seen = align.window(shape, 150.0)
    transforms = seen.cut(frames(5, shape, track, 4.0))
    white = align.whitened(transforms, seen)
    slope = align.slopes(transforms, white, track)
    steps = align.newton(slope)
    ratio = np.mean(steps**2) / np.mean(align._variance(slope))
    assert 0.5 < ratio < 1.6
