/** Requests to the server's JSON routes: a refusal is thrown as `ApiError`, a server that does not answer as `Offline`. */

export class ApiError extends Error {
  /** `kind` is a fixed word (conflict, held, open, unusable, ...); `body` is the whole answer of the server. */
  constructor(status, body) {
    super(body.message || body.error || `HTTP ${status}`);
    this.status = status;
    this.kind = body.error || "";
    this.hint = body.hint || "";
    this.body = body;
  }
}

export class Offline extends Error {}

export const get = (path) => request("GET", path);
export const post = (path, body = {}) => request("POST", path, body);

/** Send a file as it is; its name goes into the address. */
export const postFile = (path, file) => request("POST", `${path}?${encodeQuery({ name: file.name })}`, file);

/** Send a request while the page is being closed; its answer is not awaited. */
export function postOnUnload(path, body = {}) {
  request("POST", path, body, true).catch(() => {});
}

/** Return a query string of the values that are set. */
export function encodeQuery(values) {
  const set = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return new URLSearchParams(set).toString();
}

/** Statuses with which a proxy answers for a server that is not there. */
const UNREACHABLE = new Set([502, 503, 504]);

async function request(method, path, body, keepalive = false) {
  const options = { method, keepalive, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (method === "POST") {
    const isFile = body instanceof Blob;
    options.headers["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
    options.headers["X-Extractor"] = "1";
    options.body = isFile ? body : JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/api/${path}`, options);
  } catch (error) {
    throw new Offline(error.message);
  }
  if (UNREACHABLE.has(response.status)) throw new Offline(`HTTP ${response.status}`);
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new ApiError(response.status, answer ?? {});
}
