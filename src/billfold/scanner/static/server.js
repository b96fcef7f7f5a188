// Asks the server, as a terminal: its addresses and its two ways to say no. May not enter: what is kept, what is shown.

const PATIENCE_MS = 10_000;
const AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Nobody knows whether it was done: no network, no answer in time, or a server in trouble. Ask again with the same id. `status`: of
 * the answer, where there was one. */
export class Unreachable extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** The server understood and said no. `code`: why, in short; `problem`: all of it. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? String(status));
    this.status = status;
    this.problem = problem;
    this.code = problem.code ?? String(problem.type ?? "").split("#").at(-1).replaceAll("-", "_");
  }
}

async function ask(method, path, token, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
  } catch (error) {
    throw new Unreachable(error.message);
  }
  if (AGAIN.has(answer.status)) throw new Unreachable(`the server answered ${answer.status}`, answer.status);
  const text = await answer.text().catch((error) => {
    throw new Unreachable(error.message);
  });
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    throw new Unreachable("the answer is not the server's"); // a captive portal, say
  }
  if (!answer.ok) throw new Refused(answer.status, value ?? {});
  return value;
}

/** The code of an enrolment is used up: gives {token, terminal, environment, organization_name}. */
export const enrol = (code) => ask("POST", "/v1/terminals/enrol", null, { code });

/** Every call of a signed-in terminal; each raises Unreachable or Refused. */
export function serverFor(token) {
  return {
    checkPin: (pin) => ask("POST", "/v1/terminals/me/pin", token, { pin }),
    sync: () => ask("GET", "/v1/terminals/me/sync", token),
    inspect: (code) => ask("POST", "/v1/scans/inspect", token, { code }),
    scan: (body) => ask("POST", "/v1/scans", token, body),
    undo: (id, undoes) => ask("POST", "/v1/scans/undo", token, { id, undoes }),
    batch: (grant, items) => ask("POST", "/v1/scans/batch", token, { grant, items, sent_at: new Date().toISOString() }),
  };
}
