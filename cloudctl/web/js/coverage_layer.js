// @ts-check
/** Nominal reach of roadside units on the map; where it is not told, the usual 300 m of a unit on a mast. */

/** @typedef {import("../vendor/maplibre-gl.mjs").Map} MapLibreMap */

const REACH_M = 300;
const EARTH = 2 * Math.PI * 6378137;

/**
 * Put the layer on a style that was just loaded.
 * @param {MapLibreMap} map
 * @param {import("./theme.js").MapPalette} palette
 */
export function addCoverage(map, palette) {
  const atZero = (REACH_M * 512) / (EARTH * Math.cos((map.getCenter().lat * Math.PI) / 180));
  map.addLayer({
    id: "coverage", type: "circle", source: "units", layout: { visibility: "none" },
    paint: {
      "circle-radius": ["interpolate", ["exponential", 2], ["zoom"], 8, atZero * 2 ** 8, 21, atZero * 2 ** 21],
      "circle-color": ["case", ["get", "online"], palette.trail, "#c22f3d"],
      "circle-opacity": 0.1,
      "circle-stroke-color": ["case", ["get", "online"], palette.trail, "#c22f3d"],
      "circle-stroke-opacity": 0.5,
      "circle-stroke-width": 1,
    },
  }, "units-dots");
}
