// @ts-check
/** What the colours on the map mean: level of service, and mean speed where that is shown. */

import { byId, make, refill } from "./dom.js";
import { t } from "./i18n.js";
import { SPEED_STEPS } from "./speed_pass.js";

/** @param {boolean} speeds mean speeds are shown */
export function drawLegend(speeds) {
  const levels = [1, 2, 3, 4, 5].map((level) => entry(`line level-${level}`, t(`level.${level}`)));
  // the fastest has the colour of the free road
  const bounds = SPEED_STEPS.toReversed();
  const steps = [`> ${bounds[0]}`, ...bounds.map((most, at) => `${bounds[at + 1] ?? 0}–${most}`)];
  const squares = [make("b", {}, [`${t("layer.speed")} km/h`]), ...steps.map((text, at) => entry(`level-${at + 1}`, text))];
  refill(byId("legend", HTMLElement), [make("div", {}, levels), ...(speeds ? [make("div", {}, squares)] : [])]);
}

/**
 * @param {string} style
 * @param {string} text
 */
function entry(style, text) {
  return make("span", {}, [make("span", { class: `swatch ${style}` }), text]);
}
