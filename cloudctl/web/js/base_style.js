// @ts-check
/** The MapLibre style of the base map: our own tiles, no glyphs (labels use the system's fonts), no sprite. */

/** @typedef {import("./theme.js").MapPalette} MapPalette */
/** @typedef {import("maplibre-gl").StyleSpecification} Style */
/** @typedef {import("maplibre-gl").LayerSpecification} Layer */
/** @typedef {import("maplibre-gl").ExpressionSpecification} Expression */

export const SOURCE = "base";
/** Filter that lets no feature pass. */
export const NOTHING = /** @type {Expression} */ (["in", ["id"], ["literal", []]]);
export const FONT = ["Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Noto Sans"];
/** Layers over which the movers go and under which names stay readable. */
export const FIRST_LABEL = "road-names";
/** Layers with names, which a map of their own draws over the road users. */
export const NAME_LAYERS = [FIRST_LABEL, "area-names", "stop-names"];

/**
 * @param {MapPalette} p
 * @param {"zh" | "en"} language
 * @param {string} tiles URL of the PMTiles file
 * @param {number} lat deg, by which widths in metres become pixels
 * @returns {Style}
 */
export function baseStyle(p, language, tiles, lat) {
  const scale = new Scale(lat);
  return {
    version: 8,
    name: "base",
    sources: {
      [SOURCE]: { type: "vector", url: `pmtiles://${tiles}` },
      trail: { type: "geojson", data: empty() },
      advice: { type: "geojson", data: empty() },
      units: { type: "geojson", data: empty() },
    },
    layers: [...ground(p), ...roads(p, scale), ...details(p, scale), ...overlays(p), ...labels(p, language)],
  };
}

/**
 * The names alone.
 * @param {MapPalette} p
 * @param {"zh" | "en"} language
 * @param {string} tiles URL of the PMTiles file
 * @returns {Style}
 */
export function nameStyle(p, language, tiles) {
  return { version: 8, name: "names", sources: { [SOURCE]: { type: "vector", url: `pmtiles://${tiles}` } }, layers: labels(p, language) };
}

/** @returns {import("geojson").FeatureCollection} */
export function empty() {
  return { type: "FeatureCollection", features: [] };
}

/**
 * @param {MapPalette} p
 * @returns {Layer[]}
 */
function ground(p) {
  return [
    { id: "land", type: "background", paint: { "background-color": p.land } },
    {
      id: "areas", type: "fill", source: SOURCE, "source-layer": "background",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: {
        "fill-color": ["match", ["get", "kind"], ["water", "river", "lake"], p.water, ["park", "green", "hill"], p.green, p.block],
        "fill-antialias": true,
      },
    },
  ];
}

/** Pixels of a metre by zoom, at one latitude. */
class Scale {
  /** @param {number} lat deg */
  constructor(lat) {
    this.atZero = 512 / (2 * Math.PI * 6378137 * Math.cos((lat * Math.PI) / 180));
  }

  /**
   * True width of a feature with a `width` in m, at least so many px, plus a rim.
   * @param {number} zoom
   * @param {number} least px
   * @param {number} extra px
   * @returns {Expression}
   */
  px(zoom, least, extra) {
    return ["+", ["max", ["*", ["coalesce", ["get", "width"], 3.5], this.atZero * 2 ** zoom], least], extra];
  }

  /**
   * True width from zoom 15 up, a readable one below.
   * @param {number} extra px
   * @returns {Expression}
   */
  width(extra) {
    const lanes = /** @type {Expression} */ (["coalesce", ["get", "lanes"], 1]);
    return [
      "interpolate", ["exponential", 2], ["zoom"],
      10, ["+", ["max", ["*", lanes, 0.3], 0.7], extra / 2],
      13, ["+", ["max", ["*", lanes, 0.6], 1.2], extra],
      15, this.px(15, 2.4, extra), 21, this.px(21, 2.4, extra),
    ];
  }

  /**
   * True width at every zoom.
   * @returns {Expression}
   */
  true() {
    return ["interpolate", ["exponential", 2], ["zoom"], 15, this.px(15, 0, 0), 21, this.px(21, 0, 0)];
  }
}

/**
 * @param {MapPalette} p
 * @param {Scale} scale
 * @returns {Layer[]}
 */
function roads(p, scale) {
  const line = { type: /** @type {const} */ ("line"), source: SOURCE, "source-layer": "roads" };
  // at true width a round end would reach into the junction
  const ends = /** @type {Expression} */ (["step", ["zoom"], "round", 14.5, "butt"]);
  const round = { "line-cap": /** @type {import("maplibre-gl").PropertyValueSpecification<"butt" | "round" | "square">} */ (ends), "line-join": /** @type {const} */ ("round") };
  /** @type {Expression} */
  const order = ["match", ["get", "class"], "expressway", 5, "arterial", 4, "collector", 3, "local", 2, 1];
  /** @type {Expression} */
  const level = ["coalesce", ["feature-state", "level"], 0];
  return [
    {
      ...line, id: "road-casing", minzoom: 11,
      layout: { ...round, "line-sort-key": order },
      paint: { "line-color": p.casing, "line-width": scale.width(2) },
    },
    {
      id: "junctions", type: "fill", source: SOURCE, "source-layer": "junctions", minzoom: 14,
      paint: { "fill-color": p.major, "fill-antialias": false },
    },
    {
      ...line, id: "road-fill",
      layout: { ...round, "line-sort-key": order },
      paint: { "line-color": ["match", ["get", "class"], ["expressway", "arterial"], p.major, "path", p.path, p.road], "line-width": scale.width(0) },
    },
    {
      ...line, id: "road-level",
      layout: { "line-cap": "butt", "line-join": "round", "line-sort-key": order },
      paint: {
        "line-color": ["match", level, 1, p.levels[1], 2, p.levels[2], 3, p.levels[3], 4, p.levels[4], 5, p.levels[5], p.levels[0]],
        // worse is also wider, so that colour is not the only sign
        "line-width": [
          "interpolate", ["exponential", 1.6], ["zoom"],
          11, ["match", level, [1, 2], 0.8, 3, 2, 4, 2.8, 5, 3.4, 0],
          13, ["match", level, [1, 2], 1.2, 3, 3, 4, 4, 5, 4.8, 0],
          15, ["match", level, [1, 2], 2, 3, 4, 4, 5, 5, 6, 0],
          17, ["match", level, [1, 2], 4, 3, 6, 4, 7.5, 5, 9, 0],
        ],
        // the two directions of a road lie side by side
        "line-offset": ["interpolate", ["linear"], ["zoom"], 11, 1, 13, 2, 14, 2, 15.5, 0],
        "line-opacity": ["interpolate", ["linear"], ["zoom"], 15.5, 1, 17, ["match", level, [1, 2], 0.25, 0.8]],
      },
    },
  ];
}

/**
 * @param {MapPalette} p
 * @param {Scale} scale
 * @returns {Layer[]}
 */
function details(p, scale) {
  const from = { source: SOURCE };
  /** @type {Expression} */
  const light = ["coalesce", ["feature-state", "light"], 0];
  /** @type {Expression} */
  const lamp = ["match", light, [2, 3], "#d8343f", [4, 5, 6], "#27a05a", [7, 8], "#e0a51e", p.signalUnknown];
  return [
    {
      ...from, id: "lane-ground", type: "line", "source-layer": "lanes", minzoom: 16,
      filter: ["!=", ["get", "use"], "motor"],
      paint: { "line-color": ["match", ["get", "use"], "foot", p.foot, "cycle", p.cycle, p.busLane], "line-width": scale.true() },
    },
    {
      ...from, id: "lane-edges", type: "line", "source-layer": "lanes", minzoom: 16,
      filter: ["!=", ["get", "use"], "foot"],
      paint: { "line-color": p.lane, "line-width": 0.8, "line-gap-width": scale.true(), "line-opacity": ["interpolate", ["linear"], ["zoom"], 16, 0, 16.7, 0.8] },
    },
    {
      ...from, id: "crossings", type: "line", "source-layer": "crossings", minzoom: 16,
      paint: { "line-color": p.marking, "line-opacity": 0.5, "line-dasharray": [0.14, 0.14], "line-width": scale.true() },
    },
    {
      ...from, id: "connections", type: "line", "source-layer": "connections", minzoom: 16.5,
      filter: [">=", ["coalesce", ["get", "group"], -1], 0],
      paint: { "line-color": lamp, "line-width": ["interpolate", ["linear"], ["zoom"], 16.5, 1, 19, 3], "line-opacity": ["match", light, [4, 5, 6, 7], 0.75, 0.12] },
    },
    {
      ...from, id: "stop-lines", type: "line", "source-layer": "stop_lines", minzoom: 15.5,
      paint: { "line-color": lamp, "line-width": ["interpolate", ["linear"], ["zoom"], 15.5, 2, 19, 5] },
    },
  ];
}

/**
 * @param {MapPalette} p
 * @returns {Layer[]}
 */
function overlays(p) {
  return [
    {
      id: "advice-avoid", type: "line", source: SOURCE, "source-layer": "roads", filter: NOTHING,
      layout: { "line-cap": "butt", "line-join": "round" },
      paint: { "line-color": "#c22f3d", "line-width": 7, "line-opacity": 0.75, "line-dasharray": [0.5, 0.5] },
    },
    {
      id: "advice-line", type: "line", source: "advice",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": p.trail, "line-width": 4, "line-opacity": 0.7, "line-dasharray": [1.2, 1.6] },
    },
    {
      id: "trail-line", type: "line", source: "trail",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": p.trail, "line-width": ["interpolate", ["linear"], ["zoom"], 12, 2, 17, 4], "line-opacity": 0.55 },
    },
    {
      id: "stops-dots", type: "circle", source: SOURCE, "source-layer": "stops", minzoom: 14.5,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 14.5, 2.2, 17, 5],
        "circle-color": p.land, "circle-stroke-color": p.stop, "circle-stroke-width": 1.6,
      },
    },
    {
      id: "units-dots", type: "circle", source: "units", minzoom: 13, layout: { visibility: "none" },
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 13, 3, 17, 7],
        "circle-color": ["case", ["get", "online"], p.trail, "#c22f3d"],
        "circle-opacity": ["case", ["get", "online"], 0.25, 0.9],
        "circle-stroke-color": ["case", ["get", "online"], p.trail, "#c22f3d"], "circle-stroke-width": 1.5,
      },
    },
  ];
}

/**
 * @param {MapPalette} p
 * @param {"zh" | "en"} language
 * @returns {Layer[]}
 */
function labels(p, language) {
  /** @type {Expression} */
  const name = language === "zh"
    ? ["coalesce", ["get", "name_zh"], ["get", "name_en"], ""]
    : ["coalesce", ["get", "name_en"], ["get", "name_zh"], ""];
  const paint = { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.4 };
  return [
    {
      id: FIRST_LABEL, type: "symbol", source: SOURCE, "source-layer": "roads", minzoom: 12,
      filter: ["in", ["get", "class"], ["literal", ["expressway", "arterial", "collector"]]],
      layout: {
        "symbol-placement": "line", "symbol-spacing": 420, "text-field": name, "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 12, 10.5, 17, 13], "text-max-angle": 30,
      },
      paint,
    },
    {
      id: "area-names", type: "symbol", source: SOURCE, "source-layer": "background", minzoom: 11,
      layout: { "text-field": name, "text-font": FONT, "text-size": 13, "text-letter-spacing": 0.15, "text-padding": 90 },
      paint: { ...paint, "text-opacity": 0.75 },
    },
    {
      id: "stop-names", type: "symbol", source: SOURCE, "source-layer": "stops", minzoom: 16,
      layout: { "text-field": name, "text-font": FONT, "text-size": 11, "text-offset": [0, 1], "text-anchor": "top", "text-optional": true },
      paint: { ...paint, "text-color": p.stop },
    },
  ];
}
