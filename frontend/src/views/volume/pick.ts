// What lies under the pointer: the first place on the way from the eye where the map is above its level.
import { rows, type Camera } from "./camera";
import { sample, type Grid, type Vec3 } from "./grid";

/** right and up from the picture's middle as parts of its half height; byte: the level. Null where there is nothing. */
export function hit(grid: Grid, byte: number, camera: Camera, [right, up]: [number, number], view: { centre: Vec3; reach_A: number; mirrored: boolean }): Vec3 | null {
  const [r, u, t] = rows(camera.turn);
  const x = right * camera.half_A + camera.pan_A[0], y = up * camera.half_A + camera.pan_A[1];
  const z = view.mirrored ? -1 : 1;
  const at = (depth: number): Vec3 => [
    view.centre[0] + r[0] * x + u[0] * y + t[0] * depth,
    view.centre[1] + r[1] * x + u[1] * y + t[1] * depth,
    view.centre[2] + z * (r[2] * x + u[2] * y + t[2] * depth),
  ];
  const step = grid.voxel_A * 0.5;
  for (let depth = view.reach_A; depth > -view.reach_A; depth -= step)
    if (sample(grid, ...at(depth)) > byte) {
      let [inside, outside] = [depth, depth + step];
      for (let n = 0; n < 6; n++) {
        const middle = (inside + outside) / 2;
        if (sample(grid, ...at(middle)) > byte) inside = middle;
        else outside = middle;
      }
      return at(inside);
    }
  return null;
}
