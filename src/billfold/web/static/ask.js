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

/** The JSON of the answer; null where there is none. Forms of a signed-in person carry their token. Throws Refused. */
export async function ask(method, path, body, headers = {}) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  const sent = { Accept: "application/json", ...(token ? { "X-CSRF-Token": token } : {}), ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
  } catch {
    throw new Refused(say("no_answer"));
  }
  const text = await answer.text();
  let given = null;
  try {
    given = text ? JSON.parse(text) : null;
  } catch {
    given = null;
  }
  if (!answer.ok) throw new Refused(given?.detail || given?.title || say("failed"), answer.status, given ?? {});
  return given;
}
