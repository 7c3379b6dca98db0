// @ts-check
/** Named values behind the `#` of the address, beside MapLibre's own `map=zoom/lat/lon`. */

/** @returns {Map<string, string>} */
export function readHash() {
  const parts = location.hash.slice(1).split("&").filter((part) => part.includes("="));
  return new Map(parts.map((part) => {
    const at = part.indexOf("=");
    return [part.slice(0, at), decodeURIComponent(part.slice(at + 1))];
  }));
}

/**
 * Set values without an entry in the browser's history; null takes one out.
 * @param {Record<string, string | null>} values
 */
export function writeHash(values) {
  const found = readHash();
  for (const [name, value] of Object.entries(values)) {
    if (value === null) found.delete(name);
    else found.set(name, value);
  }
  const text = [...found].map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3B", ";")}`).join("&");
  history.replaceState(history.state, "", text ? `#${text}` : location.pathname + location.search);
}
