/** The server's routes. Every answer is JSON; what is refused is thrown as `Refused`, what is not answered as `Offline`. */

export class Refused extends Error {
  /** `kind` is a fixed word (conflict, held, open, unusable, ...); `body` is all that the server said. */
  constructor(status, body) {
    super(body.message || body.error || `HTTP ${status}`);
    this.status = status;
    this.kind = body.error || "";
    this.hint = body.hint || "";
    this.body = body;
  }
}

export class Offline extends Error {}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);

/** Tell the server something while the page is being left; no answer is awaited. */
export function postLeaving(path, body = {}) {
  ask("POST", path, body, true).catch(() => {});
}

/** A query string of what is set in `values`. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return new URLSearchParams(given).toString();
}

const AWAY = new Set([502, 503, 504]);

async function ask(method, path, body, keepalive = false) {
  const request = { method, keepalive, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (method === "POST") {
    request.headers["Content-Type"] = "application/json";
    request.headers["X-Extractor"] = "1";
    request.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(`/api/${path}`, request);
  } catch (error) {
    throw new Offline(error.message);
  }
  if (AWAY.has(answer.status)) throw new Offline(`HTTP ${answer.status}`);
  const said = await answer.json().catch(() => null);
  if (answer.ok && said !== null) return said;
  throw new Refused(answer.status, said ?? {});
}
