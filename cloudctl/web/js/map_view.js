// @ts-check
/** The MapLibre map: our tiles, our controls, one theme and one language at a time. */

import * as maplibre from "../vendor/maplibre-gl.mjs";
import { Protocol } from "../vendor/pmtiles.js";
import { baseStyle } from "./base_style.js";
import { currentLanguage } from "./i18n.js";
import { mapPalette } from "./theme.js";

/** @typedef {import("./theme.js").ThemeName} ThemeName */

export const TILES = new URL("tiles/base.pmtiles", document.baseURI).href;
const LOOK_EVERY_MS = 300;
const VIEW_MARGIN = 0.15;

maplibre.addProtocol("pmtiles", new Protocol().tile);

/**
 * @param {[number, number, number, number]} box west, south, east, north
 * @param {ThemeName} theme
 */
export function makeMap(box, theme) {
  const map = new maplibre.Map({
    container: "map",
    style: baseStyle(mapPalette(theme), currentLanguage(), TILES, (box[1] + box[3]) / 2),
    bounds: box,
    fitBoundsOptions: { padding: 24 },
    minZoom: 9,
    maxZoom: 20.5,
    maxPitch: 0,
    attributionControl: false,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    hash: "map",
    locale: {},
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.ScaleControl({ maxWidth: 110 }), "bottom-right");
  return map;
}

/**
 * Replace the style after a change of theme or language; custom layer and data are put back by `restore`, always the same.
 * @param {maplibre.Map} map
 * @param {ThemeName} theme
 * @param {() => void} restore
 */
export function restyle(map, theme, restore) {
  map.setStyle(baseStyle(mapPalette(theme), currentLanguage(), TILES, map.getCenter().lat), { diff: false });
  // a style that is replaced before it stands never loads: one call for both
  map.off("style.load", restore);
  map.once("style.load", restore);
}

/**
 * Everything that is drawn of the map as one picture; to be asked for while the map draws.
 * @param {maplibre.Map} map
 * @param {HTMLCanvasElement | null} names canvas with the names
 */
export function wholePicture(map, names) {
  const ground = map.getCanvas();
  const picture = document.createElement("canvas");
  picture.width = ground.width;
  picture.height = ground.height;
  const context = picture.getContext("2d");
  const [movers, ...heads] = map.getCanvasContainer().querySelectorAll("canvas.heads");
  for (const canvas of [ground, movers, names, ...heads]) {
    if (canvas instanceof HTMLCanvasElement) context?.drawImage(canvas, 0, 0, picture.width, picture.height);
  }
  return picture;
}

/**
 * Call back with the box in view, a little widened, at most every 300 ms while the map moves and once it rests.
 * @param {maplibre.Map} map
 * @param {(box: [number, number, number, number], zoom: number) => void} look
 */
export function watchView(map, look) {
  let last = 0;
  const tell = () => {
    last = performance.now();
    const bounds = map.getBounds();
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const [dx, dy] = [(east - west) * VIEW_MARGIN, (north - south) * VIEW_MARGIN];
    look([Math.max(-180, west - dx), Math.max(-90, south - dy), Math.min(180, east + dx), Math.min(90, north + dy)], map.getZoom());
  };
  map.on("move", () => { if (performance.now() - last > LOOK_EVERY_MS) tell(); });
  map.on("moveend", tell);
  tell();
}
