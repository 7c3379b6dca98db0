// @ts-check
/**
 * All road users in one instanced call on a canvas of their own over the map: gliding them costs a call of ours and no
 * frame of the map. The columns of a frame go to the GPU as they came.
 */

import { FRAGMENT, VERTEX } from "./mover_shaders.js";
import { DensityPass } from "./density_pass.js";
import { linked } from "./gl_program.js";
import { FILTER_UNIFORMS, MoverFilter } from "./mover_filter.js";
import { SpeedPass } from "./speed_pass.js";
import { viewNumbers } from "./mover_view.js";

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */
/** @typedef {import("./mover_store.js").MoverStore} MoverStore */
/** @typedef {import("./theme.js").MoverPalette} MoverPalette */

const UNIFORMS = /** @type {const} */ ([
  "u_centre", "u_east", "u_south", "u_spin", "u_half", "u_phase", "u_pixels", "u_icon", "u_ratio",
  "u_stale", "u_selected", "u_colours", "u_grey", "u_edge", "u_accent", "u_glass", ...FILTER_UNIFORMS,
]);
/** Icon size in px by zoom. */
const ICON_STOPS = [[11, 2], [12.5, 2.8], [13.4, 4], [14, 7], [15, 10.5], [16.5, 14]];
const EVERY_KIND = 0xffffffff;
/** A glide that moves a fast car less than this is not drawn, px. */
const LEAST_GLIDE_PX = 1;
const FAST = 17;
const FRAME_MS = 30;
/** Locations of where a glide begins. */
const STARTS = [10, 11, 12];

export class MoverLayer {
  /**
   * @param {MapLibreMap} map
   * @param {MoverStore} store
   * @param {MoverPalette} palette
   */
  constructor(map, store, palette) {
    this.map = map;
    this.store = store;
    this.palette = palette;
    this.selectedId = -1;
    this.stale = false;
    this.visible = true;
    this.density = false;
    /** Mean speed by squares. */
    this.speeds = false;
    this.speedColours = new Float32Array(15);
    this.filter = new MoverFilter();
    /** @type {(() => void) | null} called after a new frame was drawn */
    this.onPaint = null;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "heads movers";
    this.canvas.setAttribute("aria-hidden", "true");
    map.getCanvasContainer().append(this.canvas);
    this.gl = /** @type {WebGL2RenderingContext} */ (this.canvas.getContext("webgl2", { premultipliedAlpha: true, antialias: false }));
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => this.prepare());
    this.scheduled = false;
    this.drawnAt = 0;
    this.prepare();
    map.on("render", () => this.draw());
    map.on("resize", () => this.redraw());
  }

  prepare() {
    const gl = this.gl;
    this.program = linked(gl, VERTEX, FRAGMENT);
    this.places = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(this.program ?? 0, name)]));
    this.layout = gl.createVertexArray();
    this.fixedBuffer = gl.createBuffer();
    this.buffers = [gl.createBuffer(), gl.createBuffer()];
    /** @type {DensityPass | null} made when density is first wanted */
    this.densityPass = null;
    /** @type {SpeedPass | null} made when mean speeds are first wanted */
    this.speedPass = null;
    /** @type {import("./mover_store.js").Fixed | null} */
    this.fixed = null;
    this.fixedVersion = -1;
    /** @type {import("./mover_store.js").Moves | null} moves now on the GPU */
    this.moves = null;
  }

  /** Draw with the next frame of the screen. */
  redraw() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame((now) => {
      this.scheduled = false;
      if (this.moves === this.store.moves && now - this.drawnAt < FRAME_MS) this.redraw();
      else this.draw();
    });
  }

  draw() {
    const fresh = this.upload();
    const now = performance.now();
    this.drawnAt = now;
    const gl = this.gl;
    const ratio = this.fit();
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.store.size === 0 || !this.moves || !(this.visible || this.density || this.speeds)) return;
    const { lng, lat } = this.map.getCenter();
    const view = viewNumbers(lng, lat, this.map.getZoom(), this.map.getBearing(), ratio);
    gl.bindVertexArray(this.layout ?? null);
    if (this.density) {
      this.densityPass ??= new DensityPass(gl);
      this.densityPass.draw(this, view, this.store.phase(now), ratio);
    }
    if (this.speeds) {
      this.speedPass ??= new SpeedPass(gl);
      this.speedPass.draw(this, view, this.store.phase(now), ratio);
    }
    if (this.visible) this.drawMovers(view, now, ratio);
    gl.bindVertexArray(null);
    if (fresh) this.onPaint?.();
    if (this.store.phase(now) < 1 && view.metre * FAST * (this.store.glideMs / 1000) > LEAST_GLIDE_PX * ratio) this.redraw();
  }

  /**
   * @param {import("./mover_view.js").ViewNumbers} view
   * @param {number} now
   * @param {number} ratio
   */
  drawMovers(view, now, ratio) {
    const gl = this.gl;
    const places = this.places ?? {};
    gl.useProgram(this.program ?? null);
    this.setPlace(places, view, this.store.phase(now));
    gl.uniform1f(places.u_icon, iconSize(this.map.getZoom()) * ratio);
    gl.uniform1f(places.u_ratio, ratio);
    gl.uniform1i(places.u_stale, this.stale ? 1 : 0);
    gl.uniform1i(places.u_selected, this.selectedId < 0 ? -1 : this.store.rowOf(this.selectedId));
    gl.uniform3fv(places.u_colours, this.palette.kinds);
    gl.uniform3fv(places.u_grey, this.palette.grey);
    gl.uniform3fv(places.u_edge, this.palette.edge);
    gl.uniform3fv(places.u_accent, this.palette.accent);
    gl.uniform3fv(places.u_glass, this.palette.glass);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.store.size);
  }

  /**
   * Uniforms of the shared part of the shaders.
   * @param {Record<string, WebGLUniformLocation | null>} places
   * @param {import("./mover_view.js").ViewNumbers} view
   * @param {number} phase
   * @param {number} [kinds] bits of those that count, where not all do
   */
  setPlace(places, view, phase, kinds = EVERY_KIND) {
    const gl = this.gl;
    gl.uniform2i(places.u_centre, ...view.centre);
    gl.uniform1f(places.u_east, view.east);
    gl.uniform3f(places.u_south, ...view.south);
    gl.uniform2f(places.u_spin, ...view.spin);
    gl.uniform2f(places.u_half, this.canvas.width / 2, this.canvas.height / 2);
    gl.uniform1f(places.u_phase, phase);
    gl.uniform1f(places.u_pixels, view.metre);
    this.filter.set(gl, places, view.centre, kinds);
  }

  /** Size the canvas to the map; returns device pixels of a CSS pixel. */
  fit() {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = this.map.getCanvas();
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    return ratio;
  }

  /** Bring the newest picture to the GPU; tells whether there was one. */
  upload() {
    const { movedIn, moves, before } = this.store;
    if (!movedIn || !moves || !before || moves === this.moves) return false;
    const gl = this.gl;
    gl.bindVertexArray(this.layout ?? null);
    if (this.fixed !== movedIn || this.fixedVersion !== movedIn.version) {
      this.point(this.fixedBuffer ?? null, [0, 1, 2, 3, 4], [movedIn.lon, movedIn.lat, movedIn.class, movedIn.length, movedIn.width], true);
    }
    // what was next before is the beginning of the glide now, and is on the GPU already
    const kept = before === this.moves;
    const buffers = this.buffers ?? [];
    if (kept) buffers.reverse();
    this.point(buffers[0], [5, 6, 7, 8, 9, 13], [moves.dlon, moves.dlat, moves.heading, moves.age, moves.flags, moves.speed], true);
    const start = [before.dlon, before.dlat, before.heading];
    if (kept) this.point(buffers[1], STARTS, start, false);
    else this.pointStart(buffers[1], STARTS, start);
    gl.bindVertexArray(null);
    [this.fixed, this.fixedVersion, this.moves] = [movedIn, movedIn.version, moves];
    return true;
  }

  /**
   * Point attributes at columns of one message.
   * @param {WebGLBuffer | null} buffer
   * @param {number[]} locations
   * @param {import("./frames.js").Column[]} columns of one ArrayBuffer where `send` is set
   * @param {boolean} send upload the message too
   */
  point(buffer, locations, columns, send) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    if (!columns.every((column) => column.buffer === columns[0].buffer)) {
      this.pointStart(buffer, locations, columns);
      return;
    }
    if (send) gl.bufferData(gl.ARRAY_BUFFER, new Uint8Array(columns[0].buffer), gl.STREAM_DRAW);
    columns.forEach((column, index) => this.attribute(locations[index], column, column.byteOffset));
  }

  /**
   * Upload columns that are no part of one message, one after the other.
   * @param {WebGLBuffer | null} buffer
   * @param {number[]} locations
   * @param {import("./frames.js").Column[]} columns
   */
  pointStart(buffer, locations, columns) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    let size = 0;
    const offsets = columns.map((column) => {
      const at = size;
      size = (size + column.byteLength + 7) & ~7;
      return at;
    });
    gl.bufferData(gl.ARRAY_BUFFER, size, gl.STREAM_DRAW);
    columns.forEach((column, index) => {
      gl.bufferSubData(gl.ARRAY_BUFFER, offsets[index], column);
      this.attribute(locations[index], column, offsets[index]);
    });
  }

  /**
   * @param {number} location
   * @param {import("./frames.js").Column} column
   * @param {number} offset
   */
  attribute(location, column, offset) {
    const gl = this.gl;
    const type = column instanceof Int32Array ? gl.INT : column instanceof Int16Array ? gl.SHORT : column instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE;
    gl.enableVertexAttribArray(location);
    gl.vertexAttribIPointer(location, 1, type, 0, offset);
    gl.vertexAttribDivisor(location, 1);
  }

  /**
   * Tell whether a slot passes the filters.
   * @param {number} slot
   */
  shows(slot) {
    return this.visible && this.filter.shows(this.store, slot);
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
