// @ts-check
/**
 * The map's present view as numbers for a shader: pixels east and south of the middle from 1e-7 degrees, so that
 * 32-bit floats stay exact to a centimetre wherever the map looks.
 */

const EARTH_RADIUS = 6378137;
const DEGREE = Math.PI / 180;
const TILE = 512;

/**
 * @typedef {object} ViewNumbers
 * @property {[number, number]} centre 1e-7 deg
 * @property {number} east px of 1e-7 deg
 * @property {[number, number, number]} south px, polynomial in 1e-7 deg of latitude
 * @property {[number, number]} spin cosine and sine of the bearing
 * @property {number} metre px
 */

/**
 * @param {number} lon deg
 * @param {number} lat deg
 * @param {number} zoom
 * @param {number} bearing deg
 * @param {number} ratio device pixels of a CSS pixel
 * @returns {ViewNumbers}
 */
export function viewNumbers(lon, lat, zoom, bearing, ratio) {
  const world = TILE * 2 ** zoom * ratio;
  const centre = /** @type {[number, number]} */ ([Math.round(lon * 1e7), Math.round(lat * 1e7)]);
  const phi = centre[1] * 1e-7 * DEGREE;
  const secant = 1 / Math.cos(phi);
  const tangent = Math.tan(phi);
  const radian = world / (2 * Math.PI);
  const step = 1e-7 * DEGREE;
  // Taylor of ln tan(pi/4 + lat/2) about the middle, third order
  return {
    centre,
    east: (world * 1e-7) / 360,
    south: [-radian * secant * step, (-radian * secant * tangent * step ** 2) / 2, (-radian * secant * (2 * tangent ** 2 + 1) * step ** 3) / 6],
    spin: [Math.cos(bearing * DEGREE), Math.sin(bearing * DEGREE)],
    metre: (world * secant) / (2 * Math.PI * EARTH_RADIUS),
  };
}
