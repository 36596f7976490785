import { hashGlsl, tableWidthPx } from './id-colors.ts';

const uniformBlock = `
uniform quadUniforms {
  vec4 box;
  vec4 uv;
  vec4 markColor;
  float alpha;
  float contourPx;
  float wide;
} quad;
`;

/** Uniforms of one rectangle, set before each draw call. */
export const quadUniforms = {
  name: 'quad',
  vs: uniformBlock,
  fs: uniformBlock,
  uniformTypes: {
    box: 'vec4<f32>',
    uv: 'vec4<f32>',
    markColor: 'vec4<f32>',
    alpha: 'f32',
    contourPx: 'f32',
    wide: 'f32',
  },
} as const;

export const quadVertex = `#version 300 es
#define SHADER_NAME quads-layer-vertex
in vec2 corners;
out vec2 vUv;
void main(void) {
  vec3 position = vec3(mix(quad.box.xy, quad.box.zw, corners), 0.);
  geometry.worldPosition = position;
  gl_Position = project_position_to_clipspace(position, vec3(0.), vec3(0.), geometry.position);
  vUv = mix(quad.uv.xy, quad.uv.zw, corners);
}
`;

export const colorsFragment = `#version 300 es
#define SHADER_NAME quads-layer-colors
precision highp float;
uniform sampler2D tile;
in vec2 vUv;
out vec4 fragColor;
void main(void) {
  vec4 color = texture(tile, vUv);
  if (color.a < 0.5) discard;
  fragColor = vec4(color.rgb, quad.alpha);
}
`;

/** Neighbours are compared a contour's width away, on the screen: outlines are equally thin at any zoom. */
export const idsFragment = `#version 300 es
#define SHADER_NAME quads-layer-ids
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D tile;
// Integers too: programs that mix sampler types fail validation while all units are still 0.
uniform usampler2D colorTable;
in vec2 vUv;
out vec4 fragColor;
${hashGlsl}
uvec2 idAt(vec2 uv) {
  ivec2 size = textureSize(tile, 0);
  ivec2 texel = clamp(ivec2(floor(uv * vec2(size))), ivec2(0), size - 1);
  uvec2 id = texelFetch(tile, texel, 0).rg;
  return quad.wide > 0.5 ? id : uvec2(id.r, 0u);
}
vec3 colorOf(uvec2 id) {
  ivec2 size = textureSize(colorTable, 0);
  if (id.y == 0u && id.x < uint(size.x * size.y)) {
    uvec4 entry = texelFetch(colorTable, ivec2(int(id.x) % ${tableWidthPx}, int(id.x) / ${tableWidthPx}), 0);
    if (entry.a != 0u) return vec3(entry.rgb) / 255.;
  }
  return hashedColor(id);
}
void main(void) {
  vec2 dx = dFdx(vUv) * quad.contourPx;
  vec2 dy = dFdy(vUv) * quad.contourPx;
  uvec2 id = idAt(vUv);
  if (id == uvec2(0u)) discard;
  if (quad.contourPx > 0. &&
      id == idAt(vUv + dx) && id == idAt(vUv - dx) && id == idAt(vUv + dy) && id == idAt(vUv - dy)) discard;
  fragColor = vec4(colorOf(id), quad.alpha);
}
`;

export const markFragment = `#version 300 es
#define SHADER_NAME quads-layer-mark
precision highp float;
in vec2 vUv;
out vec4 fragColor;
void main(void) {
  vec2 edgePx = min(vUv, 1. - vUv) / max(fwidth(vUv), vec2(1e-6));
  float frame = 1. - smoothstep(0.5, 1.5, min(edgePx.x, edgePx.y));
  float stripe = step(0.72, fract((gl_FragCoord.x + gl_FragCoord.y) / 14.)) * quad.markColor.a;
  float strength = max(frame, 0.55 * stripe);
  if (strength <= 0.01) discard;
  fragColor = vec4(quad.markColor.rgb, quad.alpha * strength);
}
`;
