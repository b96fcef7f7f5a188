// Operations on their way: each is stored with its id before it is sent, sent in order by one tab at a time, and asked again with the
// same id until it has an answer. So nothing is lost when a tab dies, and nothing is done twice.
// May not enter: what is shown, how a scan is decided offline (offline.js).

import { Refused, Unreachable } from "./server.js";

const BATCH_MAX = 500;
const LOCK = "billfold-scanner-operations";
const DONE = new Set(["applied", "replayed"]);
const KEPT_FROM_SCAN = ["code", "pass_id", "action", "amounts", "product_id", "description"];

/** `server()` gives the server's calls or null; `changed()` is told after every change. */
export class Outbox {
  constructor(store, server, changed) {
    this.store = store;
    this.server = server;
    this.changed = changed;
  }

  /**
   * Stores a scan as a waiting operation and gives it back. `facts`: what else is kept with it: {offline, verified, grant, title,
   * scanned, known_pass}. `decide(operations)` may refuse it (gives the reason) in the same transaction, so that two tabs cannot
   * spend one budget twice: then {refused}.
   */
  async record(scan, { decide = () => "", ...facts }) {
    const made = Date.now();
    let refused = "";
    const operation = await this.store.add((operations) => {
      refused = decide(operations);
      if (refused) return null;
      const at = new Date(made).toISOString();
      const own = { id: crypto.randomUUID(), made_at: made, occurred_at: at, state: "waiting", attempts: 0 };
      return { offline: false, verified: false, ...facts, ...scan, ...own };
    });
    this.changed();
    return operation ?? { refused };
  }

  /** An operation that the server may not know becomes one that was taken offline. False where `decide` refuses that. */
  async takeOffline(id, verified, decide) {
    const others = (await this.store.all()).filter((one) => one.id !== id);
    if (decide(others)) return false;
    await this.store.change([id], () => ({ offline: true, verified }));
    this.changed();
    return true;
  }

  /**
   * A server that was restored from a backup knows lower numbers (`last`) than it had confirmed: all that is kept waits again, with its
   * ids. Gives whether that is so.
   */
  async repeatIfForgotten(last) {
    const done = (await this.store.all()).filter((one) => DONE.has(one.answer?.result));
    if (!done.some((one) => one.device_seq > last)) return false;
    await this.store.change(done.map((one) => one.id), (one) => ({
      state: "waiting",
      undo: one.undo?.state === "done" ? { id: one.undo.id, state: "waiting" } : one.undo,
    }));
    await this.changed();
    return true;
  }

  /** To undo an operation; the undoing has its own id from now on. Sent after the operation itself has its answer. */
  async undo(id) {
    await this.store.change([id], (one) => ({ undo: one.undo ?? { id: crypto.randomUUID(), state: "waiting" } }));
    this.changed();
  }

  /** Sends what waits, in order, until nothing does. Raises Unreachable; Refused where the server no longer takes this terminal. */
  flush() {
    return navigator.locks.request(LOCK, async () => {
      for (;;) {
        const waiting = await this.store.waiting(BATCH_MAX);
        if (!waiting.length) break;
        await this.#send(waiting);
      }
      for (const one of await this.store.all()) if (one.undo?.state === "waiting") await this.#sendUndo(one);
    });
  }

  async #send(waiting) {
    const server = this.server();
    if (!server) throw new Unreachable("not signed in");
    const [first] = waiting;
    const live = waiting.length === 1 && !first.offline && first.attempts === 0;
    if (live) return this.#sendLive(server, first);
    const batch = waiting.filter((one) => one.grant === first.grant);
    const upTo = batch.findIndex((one, at) => one !== waiting[at]);
    return this.#sendBatch(server, upTo < 0 ? batch : batch.slice(0, upTo));
  }

  async #sendLive(server, { id }) {
    const [one] = await this.store.number([id]); // so that a scan which never arrives is missed
    try {
      const scan = await server.scan({ ...bodyOf(one), device_seq: one.device_seq });
      await this.#settle([{ id: one.id, result: scan.repeated ? "replayed" : "applied", scan }]);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.#settle([{ id: one.id, ...answerOf(error) }]);
      if (error.status === 401) throw error;
    }
  }

  async #sendBatch(server, batch) {
    const numbered = await this.store.number(batch.map((one) => one.id));
    let answer;
    try {
      answer = await server.batch(batch[0].grant, numbered.map((one) => ({ ...bodyOf(one), device_seq: one.device_seq, verified: one.verified })));
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 401 || error.status === 403) throw error;
      if (batch.length > 1) return this.#sendBatch(server, batch.slice(0, Math.ceil(batch.length / 2))); // which one is it?
      return this.#settle([{ id: batch[0].id, ...answerOf(error) }]);
    }
    const mine = new Set(batch.map((one) => one.id));
    const results = answer.results.filter((one) => mine.has(one.id));
    if (!results.length) throw new Unreachable("the server answered none of them");
    await this.#settle(results);
    if (answer.offline) await this.store.setFacts({ offline: answer.offline });
  }

  /** `answers`: {id, result, code, ...} of each. */
  async #settle(answers) {
    const byId = new Map(answers.map(({ id, ...answer }) => [id, answer]));
    await this.store.change([...byId.keys()], (one) => answered(one, byId.get(one.id)));
    this.changed();
  }

  async #sendUndo(one) {
    try {
      const scan = await this.server().undo(one.undo.id, one.id);
      await this.store.change([one.id], () => ({ undo: { ...one.undo, state: "done", scan: withoutMember(scan) } }));
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 401) throw error;
      await this.store.change([one.id], () => ({ undo: { ...one.undo, state: "refused", code: error.code, detail: error.message } }));
    }
    this.changed();
  }
}

function bodyOf(one) {
  const body = { id: one.id, occurred_at: one.occurred_at };
  for (const name of KEPT_FROM_SCAN) if (one[name] !== undefined) body[name] = one[name];
  return body;
}

/** What an operation becomes by its answer. What was not booked needs no undoing; what nobody saw happen needs a person's look. */
function answered(one, answer) {
  const done = DONE.has(answer.result);
  const undo = one.undo && !done && answer.result !== "flagged" ? { ...one.undo, state: "needless" } : one.undo ?? null;
  const attention = (one.offline || one.attempts > 1) && !done;
  return { state: "answered", answer: { ...answer, scan: withoutMember(answer.scan) }, attention, undo };
}

/** A device that may be lost keeps no names. */
const withoutMember = (scan) => scan && { ...scan, card: { ...scan.card, member: null } };

const answerOf = (error) => ({
  result: error.status === 401 || error.status === 403 ? "refused" : "declined",
  code: error.code,
  problem: error.problem,
});
