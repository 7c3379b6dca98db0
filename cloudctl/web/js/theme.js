// @ts-check
/** Light and dark: what the map needs in numbers. The page's own colours are custom properties in css/theme.css. */

/**
 * @typedef {object} MoverPalette
 * @property {Float32Array} kinds 9 colours, RGB 0..1, by ParticipantKind
 * @property {Float32Array} grey
 * @property {Float32Array} edge
 * @property {Float32Array} accent
 * @property {Float32Array} glass
 */

/**
 * @typedef {object} MapPalette
 * @property {string} land
 * @property {string} water
 * @property {string} green
 * @property {string} block
 * @property {string} casing
 * @property {string} road
 * @property {string} major
 * @property {string} lane
 * @property {string} marking
 * @property {string} label
 * @property {string} halo
 * @property {string} stop
 * @property {string[]} levels colour by level of service, 0 (unknown) first
 * @property {string} signalUnknown
 * @property {string} trail
 * @property {string} path
 * @property {string} foot
 * @property {string} cycle
 * @property {string} busLane
 */

/** @typedef {"light" | "dark"} ThemeName */

/** @type {Record<ThemeName, MapPalette>} */
const MAP_PALETTES = {
  light: {
    land: "#eef0f2", water: "#c9d9e6", green: "#dfe8dc", block: "#e7eaed", casing: "#cfd5db", road: "#ffffff",
    major: "#ffffff", lane: "#b4bcc5", marking: "#9aa4af", label: "#4d5763", halo: "#f7f8f9", stop: "#4f6f8f",
    levels: ["#00000000", "#8fb39a", "#b9bf8e", "#e0b13c", "#dd7a2c", "#c22f3d"],
    signalUnknown: "#98a2ad", trail: "#1f6fd1", path: "#f3f4f5", foot: "#e3e6ea", cycle: "#eaf1ea", busLane: "#f4ece4",
  },
  dark: {
    land: "#14181d", water: "#15242f", green: "#18211c", block: "#191e24", casing: "#0f1317", road: "#2c343d",
    major: "#343e49", lane: "#475261", marking: "#5a6675", label: "#a7b2bf", halo: "#12161a", stop: "#8fb2d6",
    levels: ["#00000000", "#4f7a5f", "#838a52", "#d0a132", "#e07d33", "#e0484f"],
    signalUnknown: "#5d6875", trail: "#5aa9ff", path: "#222931", foot: "#20262d", cycle: "#26332c", busLane: "#382f2a",
  },
};

/** By ParticipantKind: unknown car van truck bus special motorcycle cyclist pedestrian. */
const KINDS = {
  light: ["#8b949e", "#5b6b7c", "#67706a", "#7a6552", "#12808a", "#b3267e", "#6f6aa0", "#5f8a3c", "#8458a6"],
  dark: ["#7c8793", "#a9b8c8", "#a5b0a6", "#c2a68a", "#3fc2c9", "#ff6bc1", "#a9a4e0", "#9ccf6d", "#c79bea"],
};

/** @type {Record<ThemeName, MoverPalette>} */
export const MOVER_PALETTES = {
  light: {
    kinds: flat(KINDS.light), grey: flat(["#b3bac2"]), edge: flat(["#ffffff"]), accent: flat(["#1f6fd1"]),
    glass: flat(["#222b35"]),
  },
  dark: {
    kinds: flat(KINDS.dark), grey: flat(["#566170"]), edge: flat(["#0d1115"]), accent: flat(["#5aa9ff"]),
    glass: flat(["#141a20"]),
  },
};

/**
 * Colour of a kind for the page.
 * @param {ThemeName} theme
 * @param {number} kind
 */
export function kindColour(theme, kind) {
  return KINDS[theme][kind] ?? KINDS[theme][0];
}

/**
 * Colours of the levels of service from the worst to the best, RGB 0..1: those of mean speeds, the slowest first.
 * @param {ThemeName} theme
 */
export function speedColours(theme) {
  return flat(mapPalette(theme).levels.slice(1).toReversed());
}

const STORED = "v2x.theme";
const SAFE_STORED = "v2x.safeLevels";

/** Levels of service for those who cannot tell red from green: blue is free, sand to brown is not. */
const SAFE_LEVELS = {
  light: ["#00000000", "#5b8fc0", "#a9c6de", "#e3bd4f", "#cf7420", "#7a2d0c"],
  dark: ["#00000000", "#2f6396", "#6493bb", "#f0dc9a", "#f0a23a", "#e0561b"],
};

/** @returns {boolean} colours are chosen that do not rest on red and green */
export function safeLevels() {
  return localStorage.getItem(SAFE_STORED) === "on";
}

/** @param {boolean} safe */
export function storeSafeLevels(safe) {
  localStorage.setItem(SAFE_STORED, safe ? "on" : "off");
  showSafeLevels();
}

/** Let the page's own swatches follow. */
export function showSafeLevels() {
  document.documentElement.dataset.levels = safeLevels() ? "safe" : "usual";
}

/**
 * @param {ThemeName} theme
 * @returns {MapPalette}
 */
export function mapPalette(theme) {
  return safeLevels() ? { ...MAP_PALETTES[theme], levels: SAFE_LEVELS[theme] } : MAP_PALETTES[theme];
}

/** @returns {ThemeName} */
export function chosenTheme() {
  const stored = localStorage.getItem(STORED);
  if (stored === "light" || stored === "dark") return stored;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** @param {ThemeName} theme */
export function storeTheme(theme) {
  localStorage.setItem(STORED, theme);
}

/** @param {string[]} colours */
function flat(colours) {
  return new Float32Array(
    colours.flatMap((colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)),
  );
}
