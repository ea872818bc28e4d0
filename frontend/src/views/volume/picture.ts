// Saves what is seen as a PNG of twice the dots, with its scale bar; on a dark ground, or on none.
import { barLength } from "./camera";
import type { Painter, Scene } from "./painter";

export async function savePicture(painter: Painter, scene: Scene, name: string, transparent: boolean): Promise<void> {
  const { width, height } = painter.canvas.getBoundingClientRect();
  const scale = Math.min(3, Math.max(2, Math.ceil(1600 / width)));
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [w, h];
  const pen = canvas.getContext("2d")!;
  if (!transparent) {
    pen.fillStyle = "#131518";
    pen.fillRect(0, 0, w, h);
  }
  painter.draw(scene, w, h);
  pen.drawImage(painter.canvas, 0, 0);
  const wide = scene.panes[0]!.cut ? width : width / scene.panes.length;
  const shown_A = (2 * scene.camera.half_A * Math.max(1, height / wide) * wide) / height;
  const bar = barLength(shown_A), long = (bar / shown_A) * wide * scale;
  const ink = transparent ? "#11181f" : "#e9eef3";
  pen.fillStyle = ink;
  pen.fillRect(w - 16 * scale - long, h - 16 * scale, long, 3 * scale);
  pen.font = `${12 * scale}px Inter, sans-serif`;
  pen.textAlign = "center";
  pen.fillText(`${bar} Å`, w - 16 * scale - long / 2, h - 22 * scale);
  const blob = await new Promise<Blob | null>((then) => canvas.toBlob(then, "image/png"));
  if (!blob) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
