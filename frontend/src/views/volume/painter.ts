// Draws surfaces with WebGL 2: opaque ones first, then those one can see through, nearest layer only, then the marks.
import { palette } from "./colours";
import { rows, type Camera } from "./camera";
import type { Vec3 } from "./grid";
import { FRAGMENT, VERTEX } from "./shaders";
import type { Mesh } from "./surface";

export interface Thing {
  mesh: string;
  colour: Vec3;
  opacity: number;
  /** Colours by the vertices' place on a scale, instead of one. */
  scale?: "diverging" | "rising" | undefined;
  /** A mark: its edge glows, its middle can be looked through. */
  rim?: boolean;
}

export interface Pane {
  /** Part of the picture from left to right, 0 to 1, that this view fills. */
  from: number;
  to: number;
  /** Cut out of one picture (a wipe), rather than a picture of its own. */
  cut: boolean;
  things: Thing[];
}

export interface Scene {
  camera: Camera;
  centre: Vec3;
  /** Half the diagonal of what is drawn, in Å. */
  reach_A: number;
  mirrored: boolean;
  panes: Pane[];
}

interface Held {
  array: WebGLVertexArrayObject;
  buffers: WebGLBuffer[];
  count: number;
}

export class Painter {
  private gl: WebGL2RenderingContext;
  private program: WebGLProgram;
  private places: Record<string, WebGLUniformLocation | null> = {};
  private held = new Map<string, Held>();
  private scales: Record<"diverging" | "rising", WebGLTexture>;

  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: true, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error("this browser draws no surfaces (WebGL 2 is missing or switched off)");
    this.gl = gl;
    this.program = linked(gl);
    for (const name of ["turn", "centre", "pan", "extent", "depth", "colour", "opacity", "byValue", "rim", "reach", "scale"]) this.places[name] = gl.getUniformLocation(this.program, name);
    this.scales = { diverging: texture(gl, palette("diverging")), rising: texture(gl, palette("rising")) };
  }

  get lost(): boolean {
    return this.gl.isContextLost();
  }

  triangles(id: string): number {
    return (this.held.get(id)?.count ?? 0) / 3;
  }

  /** Hold a mesh by name, in place of an earlier one. shade: two bytes a vertex, see shade.ts. */
  put(id: string, mesh: Mesh, shade?: Uint8Array): void {
    this.drop(id);
    const gl = this.gl;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const open = shade ?? new Uint8Array((mesh.positions.length / 3) * 2).fill(255);
    const buffers = [
      attribute(gl, this.program, "place", mesh.positions, 3, gl.FLOAT),
      attribute(gl, this.program, "facing", mesh.normals, 3, gl.FLOAT),
      attribute(gl, this.program, "shade", open, 2, gl.UNSIGNED_BYTE),
    ];
    const indices = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.indices, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    this.held.set(id, { array, buffers: [...buffers, indices], count: mesh.indices.length });
  }

  has(id: string): boolean {
    return this.held.has(id);
  }

  drop(id: string): void {
    const held = this.held.get(id);
    if (!held) return;
    this.gl.deleteVertexArray(held.array);
    for (const buffer of held.buffers) this.gl.deleteBuffer(buffer);
    this.held.delete(id);
  }

  /** Draw at a size in dots. */
  draw(scene: Scene, width: number, height: number): void {
    const { gl, canvas } = this;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.depthMask(true);
    gl.colorMask(true, true, true, true);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(this.program);
    gl.enable(gl.SCISSOR_TEST);
    for (const pane of scene.panes) this.pane(scene, pane, width, height);
  }

  private pane(scene: Scene, pane: Pane, width: number, height: number): void {
    const { gl, places } = this;
    const left = Math.round(pane.from * width), wide = Math.round(pane.to * width) - left;
    gl.scissor(left, 0, wide, height);
    if (pane.cut) gl.viewport(0, 0, width, height);
    else gl.viewport(left, 0, wide, height);
    const shown = pane.cut ? width : wide;
    const [right, up, towards] = rows(scene.camera.turn);
    const z = scene.mirrored ? -1 : 1;
    gl.frontFace(scene.mirrored ? gl.CW : gl.CCW);
    gl.uniformMatrix3fv(places.turn!, false, [right[0], up[0], towards[0], right[1], up[1], towards[1], z * right[2], z * up[2], z * towards[2]]);
    gl.uniform3fv(places.centre!, scene.centre);
    gl.uniform2fv(places.pan!, scene.camera.pan_A);
    // a narrow view shows as much from side to side as a square one
    const half_A = scene.camera.half_A * Math.max(1, height / shown);
    gl.uniform2f(places.extent!, (half_A * shown) / height, half_A);
    gl.uniform1f(places.depth!, scene.reach_A * 1.2);
    gl.uniform1f(places.reach!, scene.reach_A * 0.55);
    for (const thing of pane.things) if (thing.opacity >= 0.995 && !thing.rim) this.thing(thing, "solid");
    for (const thing of pane.things) if (thing.opacity < 0.995 && !thing.rim) this.thing(thing, "glass");
    for (const thing of pane.things) if (thing.rim) this.thing(thing, "mark");
  }

  private thing(thing: Thing, how: "solid" | "glass" | "mark"): void {
    const { gl, places } = this;
    const held = this.held.get(thing.mesh);
    if (!held || thing.opacity <= 0) return;
    gl.bindVertexArray(held.array);
    gl.uniform3fv(places.colour!, thing.colour);
    gl.uniform1f(places.opacity!, thing.opacity);
    gl.uniform1f(places.rim!, how === "mark" ? 1 : 0);
    gl.uniform1f(places.byValue!, thing.scale ? 1 : 0);
    gl.bindTexture(gl.TEXTURE_2D, this.scales[thing.scale ?? "diverging"]);
    gl.depthFunc(gl.LEQUAL);
    const go = () => gl.drawElements(gl.TRIANGLES, held.count, gl.UNSIGNED_INT, 0);
    if (how === "glass") {
      gl.colorMask(false, false, false, false);
      go();
      gl.colorMask(true, true, true, true);
    }
    gl.depthMask(how !== "mark");
    if (how === "mark") {
      // what lies inside the protein is seen faintly through it
      gl.enable(gl.CULL_FACE);
      gl.disable(gl.DEPTH_TEST);
      gl.uniform1f(places.opacity!, thing.opacity * 0.3);
      go();
      gl.enable(gl.DEPTH_TEST);
      gl.uniform1f(places.opacity!, thing.opacity);
    }
    go();
    gl.disable(gl.CULL_FACE);
    gl.depthMask(true);
  }

  close(): void {
    for (const id of [...this.held.keys()]) this.drop(id);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(`this browser draws no surfaces: ${gl.getShaderInfoLog(shader)}`);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return program;
}

function attribute(gl: WebGL2RenderingContext, program: WebGLProgram, name: string, data: Float32Array | Uint8Array, size: number, type: number): WebGLBuffer {
  const buffer = gl.createBuffer();
  const at = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
  if (at >= 0) {
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, type, type === gl.UNSIGNED_BYTE, 0, 0);
  }
  return buffer;
}

function texture(gl: WebGL2RenderingContext, colours: Uint8Array): WebGLTexture {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours);
  for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]] as const) gl.texParameteri(gl.TEXTURE_2D, name, value);
  return made;
}
