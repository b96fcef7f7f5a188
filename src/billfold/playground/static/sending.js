// Sends requests with the key that the server lends to this page, and reads the answers. May not enter: live data; forms.

import { Refused, ask } from "billfold/ask.js";
import { say } from "billfold/texts.js";

const RENEW_BEFORE_MS = 60_000;
const HIDDEN_HEADERS = new Set(["content-security-policy", "permissions-policy"]);

/** The page's key, made when it is first needed and again before it ends. */
export class Key {
  constructor(address) {
    this.address = address;
    this.text = "";
    this.goodUntil = 0;
  }

  async get(anew = false) {
    if (anew || performance.now() > this.goodUntil - RENEW_BEFORE_MS) {
      const lent = await ask("POST", this.address);
      if (!lent?.key) throw new Refused(say("play.signed_out"));
      this.text = lent.key;
      this.goodUntil = performance.now() + lent.lasts_ms;
    }
    return this.text;
  }

  /** What may be shown: which key it is, not the key. */
  get masked() {
    return this.text ? `${this.text.slice(0, 14)}…${this.text.slice(-4)}` : "";
  }
}

/** { status, headers, milliseconds, type, bytes }. Throws Refused when there is no answer or no key. */
export async function send(key, request) {
  const answer = await once(await key.get(), request);
  return answer.status === 401 ? once(await key.get(true), request) : answer;
}

async function once(key, request) {
  const began = performance.now();
  let answer;
  let bytes;
  try {
    answer = await fetch(request.path, {
      method: request.method,
      headers: { ...request.headers, Authorization: `Bearer ${key}` },
      body: request.text ?? request.file ?? undefined,
      credentials: "omit",
      cache: "no-store",
    });
    bytes = new Uint8Array(await answer.arrayBuffer());
  } catch {
    throw new Refused(say("no_answer"));
  }
  return {
    status: answer.status,
    headers: [...answer.headers].filter(([name]) => !HIDDEN_HEADERS.has(name)),
    milliseconds: Math.round(performance.now() - began),
    type: (answer.headers.get("content-type") ?? "").split(";")[0],
    bytes,
  };
}
