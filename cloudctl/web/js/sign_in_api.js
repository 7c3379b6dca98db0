// @ts-check
/** Calls of the account pages; a refusal becomes a Refusal with the status, and the seconds to wait. */

export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {number} wait s
   */
  constructor(status, detail, wait) {
    super(detail);
    this.status = status;
    this.wait = wait;
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function call(method, path, body) {
  const answer = await fetch(`api/v1/${path}`, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : null,
  });
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, String(content.detail ?? ""), Number(answer.headers.get("Retry-After") ?? 0));
  return content;
}
