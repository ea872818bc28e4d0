// What the graphics card does for each vertex and each dot of a surface.
export const VERTEX = `#version 300 es
in vec3 place; in vec3 facing; in vec2 shade;
uniform mat3 turn; uniform vec3 centre; uniform vec2 pan; uniform vec2 extent; uniform float depth;
out vec3 n; out float far; out vec2 s;
void main() {
  vec3 p = turn * (place - centre);
  n = turn * facing; far = p.z; s = shade;
  gl_Position = vec4((p.xy - pan) / extent, -p.z / depth, 1.0);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
in vec3 n; in float far; in vec2 s;
uniform vec3 colour; uniform float opacity; uniform float byValue; uniform float rim; uniform float reach; uniform sampler2D scale;
out vec4 dot_;
void main() {
  vec3 N = normalize(n);
  bool back = !gl_FrontFacing;
  if (back) N = -N;
  N = normalize(vec3(N.xy, max(N.z, 0.02)));
  if (rim > 0.5) {
    float edge = pow(1.0 - N.z, 2.2);
    float a = opacity * (0.16 + 0.6 * edge);
    dot_ = vec4(colour * a, a);
    return;
  }
  vec3 base = mix(colour, texture(scale, vec2(s.x * 0.99609 + 0.00195, 0.5)).rgb, byValue);
  float open = mix(0.25, 1.0, s.y);
  float key = max(dot(N, normalize(vec3(-0.42, 0.58, 0.70))), 0.0);
  float fill = max(dot(N, normalize(vec3(0.75, -0.15, 0.5))), 0.0);
  float shine = pow(max(dot(N, normalize(vec3(-0.26, 0.36, 0.94))), 0.0), 26.0);
  vec3 lit = base * (0.20 * open + 0.74 * key * mix(0.55, 1.0, s.y) + 0.12 * fill * open + 0.16 * N.z * open) + vec3(0.17) * shine * open;
  if (back) lit = base * 0.34 * open;
  lit *= mix(0.52, 1.0, smoothstep(-reach, reach * 0.8, far));
  dot_ = vec4(lit * opacity, opacity);
}`;
