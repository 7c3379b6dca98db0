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

/**
 * Icon of img/icons.svg.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
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
