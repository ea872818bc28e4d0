"""Central slices of a padded 3D transform at listed pixels: read with slopes, score, insert; numba, float32 and float64 sums.

A "cube" is a centred half transform, complex64 (2c+1, 2c+1, c+2) in [z, y, x >= 0], DC at [c, c, 0], frequencies in
units of 1/(padding box). Pixels are listed (kx, ky) in units of 1/box, each Friedel pair once (packed.py); pixel k of the
image lies at A^T (kx, ky, 0) of the volume. Shifts are origins in pixels: the image moved by +origin is centred."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

BLOCK = 256  # pixels
jit: Any = numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
within: Any = numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy", forceinline=True)


@within
def _corners(cube, half, qx, qy, qz, out):  # type: ignore[no-untyped-def]
    """Value and gradient (padded units) at q, qx >= 0: out = [a, da/dx, da/dy, da/dz] as real and imaginary parts."""
    x0 = int(np.floor(qx))
    y0 = int(np.floor(qy))
    z0 = int(np.floor(qz))
    fx = np.float32(qx - x0)
    fy = np.float32(qy - y0)
    fz = np.float32(qz - z0)
    y0 += half
    z0 += half
    one = np.float32(1.0)
    c000 = cube[z0, y0, x0]
    c001 = cube[z0, y0, x0 + 1]
    c010 = cube[z0, y0 + 1, x0]
    c011 = cube[z0, y0 + 1, x0 + 1]
    c100 = cube[z0 + 1, y0, x0]
    c101 = cube[z0 + 1, y0, x0 + 1]
    c110 = cube[z0 + 1, y0 + 1, x0]
    c111 = cube[z0 + 1, y0 + 1, x0 + 1]
    gx = one - fx
    gy = one - fy
    gz = one - fz
    a00 = c000 * gx + c001 * fx
    a01 = c010 * gx + c011 * fx
    a10 = c100 * gx + c101 * fx
    a11 = c110 * gx + c111 * fx
    b0 = a00 * gy + a01 * fy
    b1 = a10 * gy + a11 * fy
    value = b0 * gz + b1 * fz
    slope_z = b1 - b0
    slope_y = (a01 - a00) * gz + (a11 - a10) * fz
    slope_x = ((c001 - c000) * gy + (c011 - c010) * fy) * gz + ((c101 - c100) * gy + (c111 - c110) * fy) * fz
    out[0] = value.real
    out[1] = value.imag
    out[2] = slope_x.real
    out[3] = slope_x.imag
    out[4] = slope_y.real
    out[5] = slope_y.imag
    out[6] = slope_z.real
    out[7] = slope_z.imag


@within
def _value(cube, half, padding, r, kx, ky, out):  # type: ignore[no-untyped-def]
    """The slice at pixel (kx, ky) of the pose r, as real and imaginary part in out[0], out[1]; the rest of out is undefined."""
    qx = padding * (r[0, 0] * kx + r[1, 0] * ky)
    qy = padding * (r[0, 1] * kx + r[1, 1] * ky)
    qz = padding * (r[0, 2] * kx + r[1, 2] * ky)
    sign = -1.0 if qx < 0.0 else 1.0
    _corners(cube, half, sign * qx, sign * qy, sign * qz, out)
    out[1] *= sign


@within
def _spread(flat, weights, shape, point, r, value, strength):  # type: ignore[no-untyped-def]
    """Add a value and its strength to the eight voxels about pixel point = (kx, ky) of r, padding times the pose.

    _value's adjoint. flat: the data's real and imaginary parts, float32, and weights, both in one row; shape of the cube.
    Places are unsigned, so that none is tested for its sign.
    """
    half = (shape[0] - 1) // 2
    kx, ky = point
    qx = r[0, 0] * kx + r[1, 0] * ky
    qy = r[0, 1] * kx + r[1, 1] * ky
    qz = r[0, 2] * kx + r[1, 2] * ky
    real, imag = value.real, value.imag
    if qx < 0.0:
        qx, qy, qz, imag = -qx, -qy, -qz, -imag
    unit = np.float32(1.0)
    x0 = int(qx)
    y0 = int(np.floor(qy))
    z0 = int(np.floor(qz))
    fx = np.float32(qx - x0)
    fy = np.float32(qy - y0)
    fz = np.float32(qz - z0)
    line, one = np.uint64(shape[2]), np.uint64(1)
    corner = (np.uint64(z0 + half) * np.uint64(shape[1]) + np.uint64(y0 + half)) * line + np.uint64(x0)
    for dz in range(2):
        wz = fz if dz else unit - fz
        for dy in range(2):
            w = wz * (fy if dy else unit - fy)
            top = w * fx
            low = w - top
            at = corner + (np.uint64(dz) * np.uint64(shape[1]) + np.uint64(dy)) * line
            pair = at + at
            flat[pair] += low * real
            flat[pair + one] += low * imag
            flat[pair + np.uint64(2)] += top * real
            flat[pair + np.uint64(3)] += top * imag
            weights[at] += low * strength
            weights[at + one] += top * strength


@jit
def _phases(origin, box, reach, table):  # type: ignore[no-untyped-def]
    """exp(-2 pi i k origin / box) for k = -reach..reach, along x (row 0) and y (row 1)."""
    for axis in range(2):
        turn = -2.0 * np.pi * origin[axis] / box
        for k in range(-reach, reach + 1):
            table[axis, k + reach] = np.complex64(complex(np.cos(turn * k), np.sin(turn * k)))


@within
def _sampled(cube, padding, r, pixels, around):  # type: ignore[no-untyped-def]
    """The slice and its slopes (8, n) at pixels (n, 2) of the pose r: [a, da/dx, da/dy, da/dz] as real and imaginary parts."""
    half = (cube.shape[0] - 1) // 2
    one = np.empty(8, np.float32)
    for p in range(pixels.shape[0]):
        kx = np.float32(pixels[p, 0])
        ky = np.float32(pixels[p, 1])
        qx = padding * (r[0, 0] * kx + r[1, 0] * ky)
        qy = padding * (r[0, 1] * kx + r[1, 1] * ky)
        qz = padding * (r[0, 2] * kx + r[1, 2] * ky)
        sign = np.float32(-1.0) if qx < 0.0 else np.float32(1.0)
        _corners(cube, half, sign * qx, sign * qy, sign * qz, one)
        # the mate of a flipped pixel is conj(a(-q)): slopes change sign, and so does the imaginary part once more
        around[0, p] = one[0]
        around[1, p] = sign * one[1]
        for axis in range(1, 4):
            around[2 * axis, p] = sign * one[2 * axis]
            around[2 * axis + 1, p] = one[2 * axis + 1]


@within
def _slopes(around, ctf, pixels, r, scale, rows):  # type: ignore[no-untyped-def]
    """Slopes of the model of n pixels by (wx, wy, wz, origin x, y): rows (5, 2 n), real parts first; scale = (padding, turn)."""
    n = pixels.shape[0]
    for part in range(2):
        at = part * n
        for p in range(n):
            kx = np.float32(pixels[p, 0])
            ky = np.float32(pixels[p, 1])
            s = ctf[p] * scale[0]
            sx, sy, sz = s * around[2 + part, p], s * around[4 + part, p], s * around[6 + part, p]
            gx = r[0, 0] * sx + r[0, 1] * sy + r[0, 2] * sz
            gy = r[1, 0] * sx + r[1, 1] * sy + r[1, 2] * sz
            gz = r[2, 0] * sx + r[2, 1] * sy + r[2, 2] * sz
            moved = scale[1] * (around[0, p] if part else -around[1, p])
            rows[0, at + p] = -ky * gz
            rows[1, at + p] = kx * gz
            rows[2, at + p] = ky * gx - kx * gy
            rows[3, at + p] = kx * moved
            rows[4, at + p] = ky * moved


@within
def _products(rows, left, weight, gradient, hessian):  # type: ignore[no-untyped-def]
    """Add rows (5, n) times left (n,) to the gradient and the weighted products of rows to the lower half of the Hessian."""
    for i in range(5):
        total = np.float32(0.0)
        for p in range(left.shape[0]):
            total += rows[i, p] * left[p]
        gradient[i] += total
        for j in range(i + 1):
            total = np.float32(0.0)
            for p in range(left.shape[0]):
                total += weight[p] * rows[i, p] * rows[j, p]
            hessian[i, j] += total


@within
def _compared(image, ctf, weight, table, pixels, around, twice):  # type: ignore[no-untyped-def]
    """The log-likelihood of n pixels; around[:2] becomes the model, twice (2, 2 n) weighted differences from it and weights."""
    reach = (table.shape[1] - 1) // 2
    n = pixels.shape[0]
    total = np.float32(0.0)
    for p in range(n):
        y = image[p] * table[0, pixels[p, 0] + reach] * table[1, pixels[p, 1] + reach]
        w = weight[p]
        vr = ctf[p] * around[0, p]
        vi = ctf[p] * around[1, p]
        around[0, p] = vr
        around[1, p] = vi
        twice[0, p] = w * (y.real - vr)
        twice[0, n + p] = w * (y.imag - vi)
        twice[1, p] = w
        twice[1, n + p] = w
        total += w * (y.real * vr + y.imag * vi - np.float32(0.5) * (vr * vr + vi * vi))
    return total


@jit
def evaluate(image, ctf, weight, view, rotation, origin, gradient, hessian):  # type: ignore[no-untyped-def]
    """Log-likelihood (cross term less half the norm, up to a constant) of one image at one pose, with its slope.

    image complex64 (P,), ctf float32 (P,), weight = 1/sigma2 float32 (P,), view = (pixels int32 (P, 2) or longer, cube,
    padding, box). gradient (5,) and
    hessian (5, 5), written here, are those of (wx, wy, wz, origin x, origin y): the pose turned by exp([w]x) A, w in
    radians about the image's axes, origin in pixels; the Hessian is Gauss-Newton's (positive). Blocks of pixels that stay
    in the nearest memory are read first, then multiplied many at a time; sums of blocks are float32, of all float64.
    """
    pixels, cube, padding, box = view
    table = np.empty((2, 2 * (box // 2) + 1), np.complex64)
    _phases(origin, box, box // 2, table)
    around = np.empty((8, BLOCK), np.float32)
    rows = np.empty((5, 2 * BLOCK), np.float32)
    twice = np.empty((2, 2 * BLOCK), np.float32)
    scale = (np.float32(padding), np.float32(2.0 * np.pi / box))
    r = rotation.astype(np.float32)
    total = 0.0
    gradient[:] = 0.0
    hessian[:] = 0.0
    for first in range(0, image.shape[0], BLOCK):
        last = min(first + BLOCK, image.shape[0])
        n = last - first
        here = pixels[first:last]
        _sampled(cube, scale[0], r, here, around)
        total += _compared(image[first:last], ctf[first:last], weight[first:last], table, here, around, twice)
        _slopes(around, ctf[first:last], here, r, scale, rows)
        _products(rows, twice[0, : 2 * n], twice[1, : 2 * n], gradient, hessian)
    for i in range(5):
        for j in range(i):
            hessian[j, i] = hessian[i, j]
    return total


@jit
def read(pixels, cube, padding, rotation, out):  # type: ignore[no-untyped-def]
    """The slice at the listed pixels: out complex64 (P,), written here. pixels may be float (polar samples)."""
    half = (cube.shape[0] - 1) // 2
    around = np.empty(8, np.float32)
    for p in range(pixels.shape[0]):
        _value(cube, half, padding, rotation, pixels[p, 0], pixels[p, 1], around)
        out[p] = np.complex64(complex(around[0], around[1]))


@jit
def residual(image, ctf, shell, view, rotation, origin, sums):  # type: ignore[no-untyped-def]
    """Add |X S - C A|^2 of one image at one pose to the sums (shells,) of its pixels' shells, in place.

    In shells that the cube does not hold A is 0.
    """
    pixels, cube, padding, box = view
    half = (cube.shape[0] - 1) // 2
    last = int((half - 2) / padding)
    reach = box // 2
    table = np.empty((2, 2 * reach + 1), np.complex64)
    _phases(origin, box, reach, table)
    around = np.empty(8, np.float32)
    for p in range(image.shape[0]):
        real, imag = image[p].real, image[p].imag
        if shell[p] <= last:
            kx, ky = pixels[p, 0], pixels[p, 1]
            _value(cube, half, padding, rotation, kx, ky, around)
            y = image[p] * table[0, kx + reach] * table[1, ky + reach]
            real = y.real - ctf[p] * around[0]
            imag = y.imag - ctf[p] * around[1]
        sums[shell[p]] += real * real + imag * imag


@jit
def insert(data, weights, image, strength, pixels, padding, rotation, origin, box):  # type: ignore[no-untyped-def]
    """Add one image to the cube `data` (complex64) and its strength to `weights` (float32); the adjoint of `read`.

    image complex64 (P,) is already multiplied by CTF/sigma2 and is shifted here by its origin; strength (P,) is CTF2/sigma2.
    """
    reach = box // 2
    table = np.empty((2, 2 * reach + 1), np.complex64)
    _phases(origin, box, reach, table)
    flat, sums = data.reshape(-1).view(np.float32), weights.reshape(-1)
    r = (padding * rotation).astype(np.float32)
    for p in range(image.shape[0]):
        kx, ky = pixels[p, 0], pixels[p, 1]
        y = image[p] * table[0, kx + reach] * table[1, ky + reach]
        _spread(flat, sums, data.shape, (np.float32(kx), np.float32(ky)), r, y, strength[p])


@jit
def insert_modes(data, weights, image, strength, grid, posterior, rotations, origins):  # type: ignore[no-untyped-def]
    """insert() for images (n, P) at modes (n, m), of a posterior above 1 %, less below 2 %; grid = (pixels, padding, box)."""
    pixels, padding, box = grid
    for i in range(image.shape[0]):
        for m in range(posterior.shape[1]):
            p = np.float32(min(posterior[i, m], 2.0 * (posterior[i, m] - 0.01)))  # no step at 1 % that a rounding could take
            if p > np.float32(0.0):
                insert(data, weights, image[i] * p, strength[i] * p, pixels, padding, rotations[i, m], origins[i, m], box)


@jit
def insert_points(data, weights, values, strength, points, padding, rotations, operators):  # type: ignore[no-untyped-def]
    """insert() for values (n, p) and strengths (n, p) at points (p, 2) of any place, at rotations (n, 3, 3) and all mates."""
    flat, sums = data.reshape(-1).view(np.float32), weights.reshape(-1)
    for i in range(values.shape[0]):
        for o in range(operators.shape[0]):
            r = padding * (rotations[i] @ operators[o])
            for p in range(points.shape[0]):
                if strength[i, p] != 0.0:
                    _spread(flat, sums, data.shape, (points[p, 0], points[p, 1]), r, values[i, p], strength[i, p])


@jit
def match(images, ctfs, weights, pixels, cube, padding, rotations, origins, box):  # type: ignore[no-untyped-def]
    """Cross term and norm, (n, 2): weighted sums of Re conj(X S) C A and of |C A|^2, of images (n, P) at one pose each."""
    half = (cube.shape[0] - 1) // 2
    reach = box // 2
    table = np.empty((2, 2 * reach + 1), np.complex64)
    around = np.empty(8, np.float32)
    out = np.zeros((images.shape[0], 2))
    for i in range(images.shape[0]):
        _phases(origins[i], box, reach, table)
        r = rotations[i]
        for p in range(images.shape[1]):
            kx, ky = pixels[p, 0], pixels[p, 1]
            _value(cube, half, padding, r, kx, ky, around)
            y = images[i, p] * table[0, kx + reach] * table[1, ky + reach]
            real = ctfs[i, p] * around[0]
            imag = ctfs[i, p] * around[1]
            out[i, 0] += weights[i, p] * (y.real * real + y.imag * imag)
            out[i, 1] += weights[i, p] * (real * real + imag * imag)
    return out


@jit
def residuals(images, ctfs, shell, view, rotations, origins, groups, sums):  # type: ignore[no-untyped-def]
    """residual() for images (n, P) at one pose each, added to the sums (groups, shells) of their groups."""
    for i in range(images.shape[0]):
        residual(images[i], ctfs[i], shell, view, rotations[i], origins[i], sums[groups[i]])


@jit
def mate_agreement(points, cube, padding, turns, operators):  # type: ignore[no-untyped-def]
    """For each turn Q (n, 3, 3): |mean over operators R of F(Q^T R k)|^2 over mean |F|^2, summed over points k (p, 3)."""
    half = (cube.shape[0] - 1) // 2
    count = operators.shape[0]
    around = np.empty(8, np.float32)
    out = np.zeros(turns.shape[0])
    matrices = np.empty((count, 3, 3))
    for i in range(turns.shape[0]):
        for o in range(count):
            matrices[o] = padding * (turns[i].T @ operators[o])
        joint = 0.0
        single = 0.0
        for p in range(points.shape[0]):
            px = points[p, 0]
            py = points[p, 1]
            pz = points[p, 2]
            real = 0.0
            imag = 0.0
            for o in range(count):
                m = matrices[o]
                x = m[0, 0] * px + m[0, 1] * py + m[0, 2] * pz
                y = m[1, 0] * px + m[1, 1] * py + m[1, 2] * pz
                z = m[2, 0] * px + m[2, 1] * py + m[2, 2] * pz
                sign = 1.0
                if x < 0.0:
                    sign = -1.0
                _corners(cube, half, sign * x, sign * y, sign * z, around)
                real += around[0]
                imag += sign * around[1]
                single += (around[0] * around[0] + around[1] * around[1]) / count
            joint += (real * real + imag * imag) / (count * count)
        out[i] = joint / max(single, 1e-30)
    return out


@jit
def turned_products(points, cube, padding, turns, aim):  # type: ignore[no-untyped-def]
    """For each turn Q (n, 3, 3): Re sum of conj(aim (p,)) F(Q^T k) over points k (p, 3), over the root of sum |F|^2: (n,)."""
    half = (cube.shape[0] - 1) // 2
    around = np.empty(8, np.float32)
    out = np.zeros(turns.shape[0])
    for i in range(turns.shape[0]):
        m = padding * turns[i].T
        cross = 0.0
        norm = 0.0
        for p in range(points.shape[0]):
            x = m[0, 0] * points[p, 0] + m[0, 1] * points[p, 1] + m[0, 2] * points[p, 2]
            y = m[1, 0] * points[p, 0] + m[1, 1] * points[p, 1] + m[1, 2] * points[p, 2]
            z = m[2, 0] * points[p, 0] + m[2, 1] * points[p, 1] + m[2, 2] * points[p, 2]
            sign = -1.0 if x < 0.0 else 1.0
            _corners(cube, half, sign * x, sign * y, sign * z, around)
            cross += around[0] * aim[p].real + sign * around[1] * aim[p].imag
            norm += around[0] * around[0] + around[1] * around[1]
        out[i] = cross / np.sqrt(max(norm, 1e-30))
    return out


@jit
def turn_cube(cube, made, matrices):  # type: ignore[no-untyped-def]
    """Write the mean over matrices M (m, 3, 3) of F(M k) into the voxels k of `made` that lie inside the cube."""
    half = (cube.shape[0] - 1) // 2
    around = np.empty(8, np.float32)
    for z in range(-half, half + 1):
        for y in range(-half, half + 1):
            for x in range(half + 1):
                if z * z + y * y + x * x >= (half - 1) * (half - 1):
                    continue
                real = 0.0
                imag = 0.0
                for m in range(matrices.shape[0]):
                    r = matrices[m]
                    qx = r[0, 0] * x + r[0, 1] * y + r[0, 2] * z
                    qy = r[1, 0] * x + r[1, 1] * y + r[1, 2] * z
                    qz = r[2, 0] * x + r[2, 1] * y + r[2, 2] * z
                    sign = 1.0
                    if qx < 0.0:
                        sign = -1.0
                    _corners(cube, half, sign * qx, sign * qy, sign * qz, around)
                    real += around[0]
                    imag += sign * around[1]
                made[z + half, y + half, x] = complex(real / matrices.shape[0], imag / matrices.shape[0])


def complete_plane(data: NDArray[np.complex64], weights: NDArray[np.float32]) -> None:
    """Give the plane x = 0 of inserted cubes the Friedel mates that insertion leaves out; in place."""
    mate = data[::-1, ::-1, 0].conj().copy()
    data[:, :, 0] += mate
    weights[:, :, 0] += weights[::-1, ::-1, 0].copy()
