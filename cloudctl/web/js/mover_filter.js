// @ts-check
/**
 * Which road users are drawn: by kind, flags, speed and region. The same condition stands twice, here for what is
 * chosen on the map and in `SHOWN` for the GPU.
 */

/** Corners that a region may have. */
export const MOST_CORNERS = 64;
const ALL_KINDS = 511;
const ANY_SPEED = 65535;
const CM_S = 100 / 3.6;

/** @typedef {[number, number]} Corner lon, lat; deg */

/** Uniforms of the condition. */
export const FILTER_UNIFORMS = /** @type {const} */ (["u_kinds", "u_needs", "u_speeds", "u_corners", "u_area"]);

/** GLSL: whether a road user passes. Needs the attributes of a road user, `u_centre` and `home`. */
export const SHOWN = `
uniform uint u_kinds;
uniform uint u_needs;
uniform uvec2 u_speeds;
uniform int u_corners;
uniform vec2 u_area[${MOST_CORNERS}];

bool within(vec2 p) {
  bool inside = u_corners == 0;
  for (int at = 0; at < u_corners; at += 1) {
    vec2 a = u_area[at];
    vec2 b = u_area[at == 0 ? u_corners - 1 : at - 1];
    if ((a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

bool shown() {
  return a_class != 255u && (a_flags & 128u) == 0u && (u_kinds & (1u << min(a_class, 8u))) != 0u && (a_flags & u_needs) == u_needs
    && a_speed >= u_speeds.x && a_speed <= u_speeds.y && within(vec2(ivec2(a_lon, a_lat) + ivec2(a_dlon, a_dlat) - u_centre));
}
`;

export class MoverFilter {
  constructor() {
    /** Bits of the kinds that are drawn. */
    this.kinds = ALL_KINDS;
    /** Bits that a road user must carry. */
    this.needs = 0;
    /** @type {[number, number]} least and most, cm/s */
    this.speeds = [0, ANY_SPEED];
    /** @type {Corner[]} none: everywhere */
    this.area = [];
    this.corners = new Float32Array(2 * MOST_CORNERS);
  }

  /** @param {import("./filters_state.js").Filters} filters */
  follow({ kinds, needs, speeds: [least, most], area }) {
    this.kinds = kinds;
    this.needs = needs;
    this.speeds = [Math.round((least ?? 0) * CM_S), most === null ? ANY_SPEED : Math.round(most * CM_S)];
    this.area = area.slice(0, MOST_CORNERS);
  }

  /**
   * @param {WebGL2RenderingContext} gl
   * @param {Record<string, WebGLUniformLocation | null>} places
   * @param {[number, number]} centre of the view, 1e-7 deg
   * @param {number} kinds bits of those that count
   */
  set(gl, places, centre, kinds) {
    gl.uniform1ui(places.u_kinds, this.kinds & kinds);
    gl.uniform1ui(places.u_needs, this.needs);
    gl.uniform2ui(places.u_speeds, ...this.speeds);
    gl.uniform1i(places.u_corners, this.area.length);
    if (this.area.length === 0) return;
    this.area.forEach(([lon, lat], at) => {
      this.corners[2 * at] = lon * 1e7 - centre[0];
      this.corners[2 * at + 1] = lat * 1e7 - centre[1];
    });
    gl.uniform2fv(places.u_area, this.corners);
  }

  /**
   * Tell whether a slot of the newest picture passes.
   * @param {import("./mover_store.js").MoverStore} store
   * @param {number} slot
   */
  shows({ movedIn, moves }, slot) {
    if (!movedIn || !moves) return false;
    const kind = Math.min(movedIn.class[slot], 8);
    const speed = moves.speed[slot];
    return (this.kinds & (1 << kind)) !== 0 && (moves.flags[slot] & this.needs) === this.needs
      && speed >= this.speeds[0] && speed <= this.speeds[1]
      && this.holds((movedIn.lon[slot] + moves.dlon[slot]) * 1e-7, (movedIn.lat[slot] + moves.dlat[slot]) * 1e-7);
  }

  /**
   * Tell whether a place lies in the region.
   * @param {number} lon
   * @param {number} lat
   */
  holds(lon, lat) {
    let inside = this.area.length === 0;
    for (let at = 0; at < this.area.length; at += 1) {
      const [ax, ay] = this.area[at];
      const [bx, by] = this.area.at(at - 1) ?? [ax, ay];
      if ((ay > lat) !== (by > lat) && lon < ((bx - ax) * (lat - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside;
  }
}
