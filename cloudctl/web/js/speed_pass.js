// @ts-check
/**
 * Mean speed of motor vehicles by squares of the ground: each adds itself and its speed to the square that it is in,
 * and the squares are coloured by the mean. A square is halved with every step of the zoom and stays where it is when
 * the map moves. Costs two calls, however many there are.
 */

import { linked } from "./gl_program.js";
import { FILTER_UNIFORMS } from "./mover_filter.js";
import { PLACE } from "./mover_shaders.js";

/** Width of a square at a whole zoom, CSS px; at most twice that before it is halved. */
const SQUARE_PX = 20;
const TILE = 512;
/** Kinds that make up the mean: car, van, truck, bus, special, motorcycle. */
const MOTOR = 0b1111110;
/** Where the classes of the mean end, km/h: the slowest first. */
export const SPEED_STEPS = [10, 20, 35, 50];
const SUM_UNIFORMS = /** @type {const} */ ([
  "u_centre", "u_east", "u_south", "u_spin", "u_half", "u_phase", "u_pixels", "u_first", "u_square", "u_across", ...FILTER_UNIFORMS,
]);
const COLOUR_UNIFORMS = /** @type {const} */ (["u_sum", "u_size", "u_spin", "u_first", "u_square", "u_across", "u_steps", "u_colours"]);

const SUM_VERTEX = `${PLACE}
uniform vec2 u_first;
uniform float u_square;
uniform float u_across;
out float v_speed;
void main() {
  gl_PointSize = 1.0;
  vec2 square = floor((place_now() + u_first) / u_square) + floor(u_across * 0.5);
  if (!shown() || any(lessThan(square, vec2(0.0))) || any(greaterThanEqual(square, vec2(u_across)))) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  v_speed = float(a_speed) * 0.01;
  gl_Position = vec4((square + 0.5) / u_across * 2.0 - 1.0, 0.0, 1.0);
}`;

const SUM_FRAGMENT = `#version 300 es
precision highp float;
in float v_speed;
out vec4 o_sum;
void main() {
  o_sum = vec4(1.0, v_speed, 0.0, 1.0);
}`;

const COLOUR_VERTEX = `#version 300 es
out vec2 v_at;
void main() {
  v_at = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 2.0 - 1.0;
  gl_Position = vec4(v_at, 0.0, 1.0);
}`;

const COLOUR_FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_at;
uniform sampler2D u_sum;
uniform vec2 u_size;
uniform vec2 u_spin;
uniform vec2 u_first;
uniform float u_square;
uniform float u_across;
uniform float u_steps[${SPEED_STEPS.length}];
uniform vec3 u_colours[${SPEED_STEPS.length + 1}];
out vec4 o_colour;
void main() {
  vec2 screen = vec2(v_at.x, -v_at.y) * u_size * 0.5;
  vec2 place = vec2(screen.x * u_spin.x - screen.y * u_spin.y, screen.x * u_spin.y + screen.y * u_spin.x) + u_first;
  vec4 sum = texelFetch(u_sum, ivec2(floor(place / u_square) + floor(u_across * 0.5)), 0);
  vec2 inside = fract(place / u_square) * u_square;
  if (sum.r < 0.5 || min(inside.x, inside.y) < 1.0) discard;
  float mean = sum.g / sum.r * 3.6;
  vec3 colour = u_colours[0];
  for (int at = 0; at < ${SPEED_STEPS.length}; at += 1) if (mean > u_steps[at]) colour = u_colours[at + 1];
  float alpha = 0.4 + 0.1 * min(sum.r, 3.0);
  o_colour = vec4(colour * alpha, alpha);
}`;

export class SpeedPass {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    /** Sums need more than a byte; where the GPU has no more, nothing is drawn. */
    this.able = gl.getExtension("EXT_color_buffer_float") !== null || gl.getExtension("EXT_color_buffer_half_float") !== null;
    if (!this.able) console.warn("this GPU cannot add up mean speeds");
    this.sums = linked(gl, SUM_VERTEX, SUM_FRAGMENT);
    this.colours = linked(gl, COLOUR_VERTEX, COLOUR_FRAGMENT);
    this.sumPlaces = Object.fromEntries(SUM_UNIFORMS.map((name) => [name, gl.getUniformLocation(this.sums, name)]));
    this.colourPlaces = Object.fromEntries(COLOUR_UNIFORMS.map((name) => [name, gl.getUniformLocation(this.colours, name)]));
    this.bare = gl.createVertexArray();
    this.sum = gl.createTexture();
    this.frame = gl.createFramebuffer();
    this.across = 0;
  }

  /** @param {number} across squares in each direction */
  fit(across) {
    if (across === this.across) return;
    const gl = this.gl;
    this.across = across;
    gl.bindTexture(gl.TEXTURE_2D, this.sum);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, across, across, 0, gl.RGBA, gl.HALF_FLOAT, null);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
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
    if (!this.able) return;
    const gl = this.gl;
    const { width, height } = gl.canvas;
    const { square, first } = squaresOf(layer.map.getCenter(), layer.map.getZoom(), ratio);
    const across = 2 * Math.ceil(Math.hypot(width, height) / square / 2) + 4;
    this.fit(across);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.viewport(0, 0, across, across);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.sums);
    layer.setPlace(this.sumPlaces, view, phase, MOTOR);
    this.setSquares(this.sumPlaces, square, first);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.drawArraysInstanced(gl.POINTS, 0, 1, layer.store.size);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, width, height);
    gl.useProgram(this.colours);
    gl.bindVertexArray(this.bare);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.sum);
    this.setSquares(this.colourPlaces, square, first);
    gl.uniform2f(this.colourPlaces.u_size, width, height);
    gl.uniform2f(this.colourPlaces.u_spin, ...view.spin);
    gl.uniform1fv(this.colourPlaces.u_steps, SPEED_STEPS);
    gl.uniform3fv(this.colourPlaces.u_colours, layer.speedColours);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.bindVertexArray(layer.layout ?? null);
  }

  /**
   * @param {Record<string, WebGLUniformLocation | null>} places
   * @param {number} square
   * @param {[number, number]} first
   */
  setSquares(places, square, first) {
    this.gl.uniform1f(places.u_square, square);
    this.gl.uniform2f(places.u_first, ...first);
    this.gl.uniform1f(places.u_across, this.across);
  }
}

/**
 * Width of a square, and how far the middle of the map lies into the one around it (east, south); device px.
 * @param {{lng: number, lat: number}} centre
 * @param {number} zoom
 * @param {number} ratio
 * @returns {{square: number, first: [number, number]}}
 */
export function squaresOf({ lng, lat }, zoom, ratio) {
  const square = SQUARE_PX * 2 ** (zoom - Math.floor(zoom)) * ratio;
  const world = TILE * 2 ** zoom * ratio;
  const phi = (lat * Math.PI) / 180;
  const [east, south] = [(lng / 360 + 0.5) * world, (0.5 - Math.log(Math.tan(Math.PI / 4 + phi / 2)) / (2 * Math.PI)) * world];
  return { square, first: [east % square, south % square] };
}
