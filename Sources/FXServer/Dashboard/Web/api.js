// Calls of the HTTP API with the browser's session.
//
//   await get("/api/batches", { status: ["running"], limit: 50 })
//   await post(`/api/batches/${id}/pause`, null, { version })     version goes out as If-Match
//   await postCSV("/api/batches", text, { name })
//
// What is refused is thrown as an ApiError, whose `message` is one sentence for a person.

export class ApiError extends Error {
  /** @param problem the application/problem+json; empty where no answer came. */
  constructor(status, problem, retryAfter) {
    super(sentence(status, problem));
    this.status = status;
    this.code = problem.code ?? (status === 0 ? "unreachable" : "unknown");
    this.problem = problem;
    this.errors = problem.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

function sentence(status, problem) {
  if (status === 0) return "The server cannot be reached. What was sent may not have arrived.";
  const first = problem.detail || problem.title || `The server answered ${status}.`;
  const details = (problem.errors ?? [])
    .map((error) => error.detail)
    .filter((text) => text && text !== first);
  return details.length && details.length <= 3 ? `${first} ${details.join(" ")}` : first;
}

let csrf = null;
let onSignedOut = () => {};

/** What the server tells whoever signs in: shown with each change from then on. */
export function useCSRF(token) {
  csrf = token;
}

/** @param listener called when the session is over: 401 on any call but the sign-in. */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

export function queryText(query) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") pairs.append(name, one);
    }
  }
  const text = pairs.toString();
  return text ? `?${text}` : "";
}

async function call(method, path, { query, body, type, version, key, signal, isText } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (version !== undefined && version !== null) headers["If-Match"] = `"${version}"`;
  if (key) headers["Idempotency-Key"] = key;
  let content;
  if (body !== undefined && body !== null) {
    headers["Content-Type"] = type ?? "application/json";
    content = type ? body : JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path + queryText(query), {
      method,
      headers,
      body: content,
      signal,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, {});
  }
  const text = await answer.text().catch(() => "");
  const told =
    answer.headers.get("Content-Type")?.includes("json") && text ? JSON.parse(text) : null;
  if (answer.ok) return isText ? text : told;
  if (answer.status === 401 && path !== "/api/session") onSignedOut();
  throw new ApiError(answer.status, told ?? {}, Number(answer.headers.get("Retry-After")) || null);
}

export const get = (path, query, signal) => call("GET", path, { query, signal });
/** What is not JSON, such as figures and files. */
export const getText = (path, signal) => call("GET", path, { signal, isText: true });
export const put = (path, body) => call("PUT", path, { body });
export const patch = (path, body, options) => call("PATCH", path, { body, ...options });
export const remove = (path, options) => call("DELETE", path, options);
export const post = (path, body, options) =>
  call("POST", path, { body, key: newKey(), ...options });
export const postCSV = (path, text, query, options) =>
  call("POST", path, { body: text, type: "text/csv", query, key: newKey(), ...options });

/** Calls that take no key, such as the sign-in. */
export const postPlain = (path, body) => call("POST", path, { body });

/** By which the server knows a request again, where its answer was lost. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Whether an error is only that a page was left. */
export function isAbort(error) {
  return error?.name === "AbortError";
}
