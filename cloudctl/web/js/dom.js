// @ts-check
/** Small helpers to build elements; text is always text, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes] null, undefined and false are left out
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** @type {Map<string, SVGSymbolElement>} by name, once they are read */
const symbols = new Map();

/** Read the icons: a panel that is drawn anew every second has them at once, without the blink of a reference to a file. */
export async function readIcons() {
  const answer = await fetch("img/icons.svg");
  const read = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  for (const symbol of read.querySelectorAll("symbol")) symbols.set(symbol.id, symbol);
}

/**
 * Icon of img/icons.svg.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const symbol = symbols.get(name);
  if (symbol) {
    for (const { name: attribute, value } of symbol.attributes) if (attribute !== "id") svg.setAttribute(attribute, value);
    svg.append(...[...symbol.childNodes].map((part) => document.importNode(part, true)));
    return svg;
  }
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `img/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Element of the page that must be there.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} Type
 * @returns {T}
 */
export function byId(id, Type) {
  const element = document.getElementById(id);
  if (!(element instanceof Type)) throw new Error(`no element #${id}`);
  return element;
}

/**
 * Replace the children of an element and keep focus on the control of the same data-key.
 * @param {Element} parent
 * @param {(Node | string)[]} children
 */
export function refill(parent, children) {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && parent.contains(focused) ? focused.dataset.key : undefined;
  parent.replaceChildren(...children);
  if (key !== undefined) {
    for (const element of parent.querySelectorAll("[data-key]")) {
      if (element instanceof HTMLElement && element.dataset.key === key) element.focus({ preventScroll: true });
    }
  }
}

/**
 * Button.
 * @param {Record<string, string | number | boolean | null | undefined>} attributes
 * @param {(Node | string)[]} children
 * @param {() => void} act
 */
export function button(attributes, children, act) {
  const element = make("button", { type: "button", ...attributes }, children);
  element.addEventListener("click", act);
  return element;
}
