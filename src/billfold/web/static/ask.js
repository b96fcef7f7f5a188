// Asks our own server, and only it. May not enter: what is asked.

import { say } from "./texts.js";

/** What went wrong, in words for the reader. `problem`: the answer, where it was one. */
export class Refused extends Error {
  constructor(message, status = 0, problem = {}) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

/** The answer, whatever it holds. `body` as fetch takes it. Forms of a signed-in person carry their token. Throws Refused. */
export async function send(method, path, body, headers = {}, signal = undefined) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  const sent = { Accept: "application/json", ...(token ? { "X-CSRF-Token": token } : {}), ...headers };
  let answer;
  try {
    answer = await fetch(path, { method, headers: sent, body, signal, credentials: "same-origin" });
  } catch {
    throw new Refused(say("no_answer"));
  }
  if (answer.ok) return answer;
  const problem = read(await answer.text()) ?? {};
  throw new Refused(problem.detail || problem.title || say("failed"), answer.status, problem);
}

/** The JSON of the answer; null where there is none. Throws Refused. */
export async function ask(method, path, body, headers = {}) {
  if (body === undefined) return read(await (await send(method, path, undefined, headers)).text());
  const answer = await send(method, path, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
  return read(await answer.text());
}

function read(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
