// @ts-check
/**
 * A flat frame round the middle of the city: metres east and south in web mercator scale. Offsets of 30 km fit 32-bit
 * floats to some millimetres, absolute mercator numbers do not (2 m).
 */

const EARTH_RADIUS = 6378137;
const DEGREE = Math.PI / 180;

export class Plane {
  /**
   * @param {number} lon deg
   * @param {number} lat deg
   */
  constructor(lon, lat) {
    this.lon = lon;
    this.lat = lat;
    const secant = 1 / Math.cos(lat * DEGREE);
    const tangent = Math.tan(lat * DEGREE);
    this.eastScale = EARTH_RADIUS * DEGREE / secant;
    // Taylor of ln tan(pi/4 + lat/2), third order: below 1 mm within 20 km
    this.k1 = EARTH_RADIUS;
    this.k2 = EARTH_RADIUS * tangent / 2;
    this.k3 = EARTH_RADIUS * (tangent * tangent + secant * secant) / 6;
    /** Mercator units (0..1 round the world) a metre. */
    this.mercatorPerMetre = secant / (2 * Math.PI * EARTH_RADIUS);
    this.mercatorX = (lon + 180) / 360;
    this.mercatorY = 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * DEGREE) / 2)) / (2 * Math.PI);
  }

  /** @param {number} lon deg */
  x(lon) {
    return (lon - this.lon) * this.eastScale;
  }

  /**
   * South is positive.
   * @param {number} lat deg
   */
  y(lat) {
    const d = (lat - this.lat) * DEGREE;
    return -d * (this.k1 + d * (this.k2 + d * this.k3));
  }

  /**
   * @param {number} x m east
   * @param {number} y m south
   * @returns {[number, number]} lon, lat
   */
  lonLat(x, y) {
    const mercatorY = this.mercatorY + y * this.mercatorPerMetre;
    const lat = (Math.atan(Math.exp((0.5 - mercatorY) * 2 * Math.PI)) * 2 - Math.PI / 2) / DEGREE;
    return [this.lon + x / this.eastScale, lat];
  }
}
