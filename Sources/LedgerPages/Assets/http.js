// Requests to this ledger. An answer is never thrown: it is a value with `ok`, and with `problem` if it is not.

const TIMEOUT = 150_000;

/**
 * Sends a request.
 *
 * The result has `ok`, `status`, `json`, and otherwise `problem`: `check`, `detail`, and where the ledger gives them
 * `field`, `candidates` and `retry_after`. The status is 0 if there was no answer.
 */
export async function send(path, { method = "GET", body, type = "application/json", headers = {} } = {}) {
  let response;
  let text;
  try {
    response = await fetch(path, {
      method, body, cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": type }), ...headers },
      signal: AbortSignal.timeout(TIMEOUT),
    });
    text = await response.text();
  } catch (error) {
    return failure(0, unanswered(error));
  }
  const json = parsed(text);
  if (response.ok && json !== undefined) return { ok: true, status: response.status, json };
  const problem = json?.detail ? json : { check: "http", detail: `The ledger answered with status ${response.status}.` };
  const seconds = Number(response.headers.get("Retry-After"));
  if (seconds > 0) problem.retry_after ??= seconds;
  return failure(response.status, problem);
}

export const sendJSON = (path, value, headers = {}) =>
  send(path, { method: "POST", body: JSON.stringify(value), headers });

const failure = (status, problem) => ({ ok: false, status, problem });

function unanswered(error) {
  const detail = error.name === "TimeoutError"
    ? "The ledger did not answer in time. Whether it recorded the statement is shown by sending it again: nothing is recorded twice."
    : navigator.onLine
      ? "The ledger cannot be reached. Try again: nothing is recorded twice."
      : "This computer is offline. Try again when it is connected: nothing is recorded twice.";
  return { check: "network", detail };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
