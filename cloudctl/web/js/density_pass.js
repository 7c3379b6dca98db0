// @ts-check
/**
 * Density of road users: each adds a soft spot to a small picture, whose sum is then coloured. Costs two calls,
 * however many there are.
 */

import { linked } from "./gl_program.js";
import { FILTER_UNIFORMS } from "./mover_filter.js";
import { PLACE } from "./mover_shaders.js";

const SPOT_PX = 26;
/** The small picture has a quarter of the screen's pixels in each direction. */
const SHRINK = 4;
const PLACES = /** @type {const} */ ([
  "u_centre", "u_east", "u_south", "u_spin", "u_half", "u_phase", "u_pixels", "u_reach", ...FILTER_UNIFORMS,
]);

const SPOT_VERTEX = `${PLACE}
uniform float u_reach;
out vec2 v_corner;
void main() {
  if (!shown()) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  v_corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 2.0 - 1.0;
  gl_Position = on_screen(place_now() + v_corner * u_reach);
}`;

const SPOT_FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_corner;
out vec4 o_colour;
void main() {
  float near = max(0.0, 1.0 - dot(v_corner, v_corner));
  o_colour = vec4(near * near * 0.07);
}`;

const COLOUR_VERTEX = `#version 300 es
out vec2 v_at;
void main() {
  v_at = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  gl_Position = vec4(v_at * 2.0 - 1.0, 0.0, 1.0);
}`;

const COLOUR_FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_at;
uniform sampler2D u_sum;
out vec4 o_colour;
void main() {
  float sum = texture(u_sum, v_at).r;
  vec3 low = vec3(0.16, 0.32, 0.62);
  vec3 middle = vec3(0.55, 0.28, 0.66);
  vec3 high = vec3(0.98, 0.75, 0.30);
  vec3 colour = sum < 0.5 ? mix(low, middle, sum * 2.0) : mix(middle, high, sum * 2.0 - 1.0);
  float alpha = smoothstep(0.0, 0.25, sum) * 0.72;
  o_colour = vec4(colour * alpha, alpha);
}`;

export class DensityPass {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.spots = linked(gl, SPOT_VERTEX, SPOT_FRAGMENT);
    this.colours = linked(gl, COLOUR_VERTEX, COLOUR_FRAGMENT);
    this.places = Object.fromEntries(PLACES.map((name) => [name, gl.getUniformLocation(this.spots, name)]));
    this.bare = gl.createVertexArray();
    this.sum = gl.createTexture();
    this.frame = gl.createFramebuffer();
    this.width = 0;
    this.height = 0;
  }

  /** Fit the small picture to the canvas. */
  fit() {
    const gl = this.gl;
    const [width, height] = [Math.ceil(gl.canvas.width / SHRINK), Math.ceil(gl.canvas.height / SHRINK)];
    if (width === this.width && height === this.height) return;
    [this.width, this.height] = [width, height];
    gl.bindTexture(gl.TEXTURE_2D, this.sum);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) {
      gl.texParameteri(gl.TEXTURE_2D, name, value);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.sum, 0);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /**
   * Draw with the vertex layout of the movers bound.
   * @param {import("./mover_layer.js").MoverLayer} layer
   * @param {import("./mover_view.js").ViewNumbers} view
   * @param {number} phase
   * @param {number} ratio
   */
  draw(layer, view, phase, ratio) {
    const gl = this.gl;
    this.fit();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.viewport(0, 0, this.width, this.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.spots);
    layer.setPlace(this.places, view, phase);
    gl.uniform1f(this.places.u_reach, SPOT_PX * ratio);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, layer.store.size);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.useProgram(this.colours);
    gl.bindVertexArray(this.bare);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.sum);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.bindVertexArray(layer.layout ?? null);
  }
}
