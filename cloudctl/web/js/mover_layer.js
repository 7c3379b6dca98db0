// @ts-check
/** MapLibre custom layer that draws all road users in one instanced call, straight from the store's buffer. */

import { FRAGMENT, VERTEX } from "./mover_shaders.js";
import { STRIDE } from "./mover_store.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("../vendor/maplibre-gl.mjs").CustomRenderMethodInput} RenderInput */
/** @typedef {import("./mover_store.js").MoverStore} MoverStore */
/** @typedef {import("./theme.js").MoverPalette} MoverPalette */

const UNIFORMS = /** @type {const} */ ([
  "u_matrix", "u_phase", "u_pixels", "u_icon", "u_ratio", "u_stale", "u_selected", "u_colours", "u_grey", "u_edge",
  "u_accent", "u_glass",
]);
/** Icon size in px by zoom. */
const ICON_STOPS = [[11, 2], [12.5, 2.8], [13.4, 4], [14, 7], [15, 10.5], [16.5, 14]];

export class MoverLayer {
  /**
   * @param {MoverStore} store
   * @param {MoverPalette} palette
   */
  constructor(store, palette) {
    this.id = "movers";
    this.type = /** @type {const} */ ("custom");
    this.renderingMode = /** @type {const} */ ("2d");
    this.store = store;
    this.palette = palette;
    this.selectedId = -1;
    this.stale = false;
    this.visible = true;
    /** @type {(() => void) | null} called after a new frame was drawn */
    this.onPaint = null;
    /** @type {MapLibreMap | null} */
    this.map = null;
    /** @type {Float32Array | null} buffer now on the GPU */
    this.uploaded = null;
    this.matrix = new Float32Array(16);
  }

  /**
   * @param {MapLibreMap} map
   * @param {WebGLRenderingContext | WebGL2RenderingContext} context
   */
  onAdd(map, context) {
    const gl = /** @type {WebGL2RenderingContext} */ (context);
    this.map = map;
    this.program = link(gl);
    this.places = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(this.program ?? 0, name)]));
    this.corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    this.instances = gl.createBuffer();
    this.uploaded = null;
    this.layout = gl.createVertexArray();
    gl.bindVertexArray(this.layout);
    attribute(gl, this.corners, 0, 2, gl.FLOAT, 8, 0, 0);
    attribute(gl, this.instances, 1, 4, gl.FLOAT, STRIDE, 0, 1);
    attribute(gl, this.instances, 2, 4, gl.FLOAT, STRIDE, 16, 1);
    gl.enableVertexAttribArray(3);
    gl.vertexAttribIPointer(3, 4, gl.UNSIGNED_BYTE, STRIDE, 32);
    gl.vertexAttribDivisor(3, 1);
    gl.bindVertexArray(null);
  }

  /**
   * @param {MapLibreMap} _map
   * @param {WebGLRenderingContext | WebGL2RenderingContext} context
   */
  onRemove(_map, context) {
    const gl = /** @type {WebGL2RenderingContext} */ (context);
    gl.deleteProgram(this.program ?? null);
    gl.deleteBuffer(this.corners ?? null);
    gl.deleteBuffer(this.instances ?? null);
    gl.deleteVertexArray(this.layout ?? null);
  }

  /**
   * @param {WebGLRenderingContext | WebGL2RenderingContext} context
   * @param {RenderInput} input
   */
  render(context, input) {
    const gl = /** @type {WebGL2RenderingContext} */ (context);
    if (!this.map || !this.program || this.store.count === 0 || !this.visible) return;
    const fresh = this.uploaded !== this.store.floats;
    if (fresh) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.instances ?? null);
      gl.bufferData(gl.ARRAY_BUFFER, this.store.floats, gl.STREAM_DRAW);
      this.uploaded = this.store.floats;
    }
    const now = performance.now();
    gl.useProgram(this.program);
    this.setUniforms(gl, input, now);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    gl.bindVertexArray(this.layout ?? null);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.store.count);
    gl.bindVertexArray(null);
    if (fresh) this.onPaint?.();
    if (this.store.gliding(now)) this.map.triggerRepaint();
  }

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {RenderInput} input
   * @param {number} now
   */
  setUniforms(gl, input, now) {
    const places = this.places ?? {};
    const zoom = this.map?.getZoom() ?? 0;
    const ratio = window.devicePixelRatio || 1;
    const plane = this.store.plane;
    const metre = plane.mercatorPerMetre * 512 * 2 ** zoom * ratio;
    toPlane(this.matrix, input.defaultProjectionData.mainMatrix, plane);
    gl.uniformMatrix4fv(places.u_matrix, false, this.matrix);
    gl.uniform1f(places.u_phase, this.store.phase(now));
    gl.uniform1f(places.u_pixels, metre);
    gl.uniform1f(places.u_icon, iconSize(zoom) * ratio);
    gl.uniform1f(places.u_ratio, ratio);
    gl.uniform1i(places.u_stale, this.stale ? 1 : 0);
    gl.uniform1i(places.u_selected, this.selectedId < 0 ? -1 : this.store.rowOf(this.selectedId));
    gl.uniform3fv(places.u_colours, this.palette.kinds);
    gl.uniform3fv(places.u_grey, this.palette.grey);
    gl.uniform3fv(places.u_edge, this.palette.edge);
    gl.uniform3fv(places.u_accent, this.palette.accent);
    gl.uniform3fv(places.u_glass, this.palette.glass);
  }
}

/**
 * Icon size, px.
 * @param {number} zoom
 */
export function iconSize(zoom) {
  let [lastZoom, lastSize] = ICON_STOPS[0];
  for (const [at, size] of ICON_STOPS) {
    if (zoom <= at) return at === lastZoom ? size : lastSize + ((zoom - lastZoom) / (at - lastZoom)) * (size - lastSize);
    [lastZoom, lastSize] = [at, size];
  }
  return lastSize;
}

/**
 * Matrix from the plane's metres to clip space, multiplied in double precision.
 * @param {Float32Array} out
 * @param {ArrayLike<number>} m mercator 0..1 to clip space, column by column
 * @param {import("./plane.js").Plane} plane
 */
function toPlane(out, m, plane) {
  const s = plane.mercatorPerMetre;
  for (let row = 0; row < 4; row += 1) {
    out[row] = m[row] * s;
    out[4 + row] = m[4 + row] * s;
    out[8 + row] = m[8 + row] * s;
    out[12 + row] = m[row] * plane.mercatorX + m[4 + row] * plane.mercatorY + m[12 + row];
  }
}

/** @param {WebGL2RenderingContext} gl */
function link(gl) {
  const program = gl.createProgram();
  for (const [type, source] of /** @type {const} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "shader");
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "program");
  return program;
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {WebGLBuffer | null} buffer
 * @param {number} index
 * @param {number} size
 * @param {number} type
 * @param {number} stride
 * @param {number} offset
 * @param {number} divisor
 */
function attribute(gl, buffer, index, size, type, stride, offset, divisor) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(index);
  gl.vertexAttribPointer(index, size, type, false, stride, offset);
  gl.vertexAttribDivisor(index, divisor);
}
