// What both phones have: passes, a lock screen, a journal of what happened, flight mode, and trying again.
// May not enter: either wallet's protocol; how a phone is drawn.

import { Unreachable } from "./reading/http.js";

const RETRY_SECONDS = [0.5, 1, 2, 4, 8, 15, 30];
const JOURNAL_MAX = 200,
  NOTICES_MAX = 20;

/** `state` is what is kept beside passes, notices and journal; the world around is {line, memory, origin, retrySeconds}. */
export class Phone {
  constructor(state, { line, memory, origin, retrySeconds = RETRY_SECONDS }) {
    this.state = state;
    this.line = line;
    this.memory = memory;
    this.origin = origin;
    this.retrySeconds = retrySeconds;
    this.passes = [];
    this.notices = [];
    this.journal = [];
    this.busy = null;
    this.gone = false;
    this.waking = new Set();
    this.listeners = new Set();
  }

  // For whoever looks

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed() {
    for (const listener of this.listeners) listener(this);
  }

  /** Notes an event: {event, ...}, as the terminal's phones do. A line for the lock screen is put there as well. */
  report(event) {
    const at = new Date().toISOString();
    this.journal = [...this.journal, { number: (this.journal.at(-1)?.number ?? 0) + 1, at, ...event }].slice(-JOURNAL_MAX);
    if (event.event === "notified") {
      this.notices = [{ id: crypto.randomUUID(), at, ...event }, ...this.notices].slice(0, NOTICES_MAX);
    }
    this.changed();
  }

  async dismiss(id) {
    this.notices = this.notices.filter((one) => one.id !== id);
    await this.keep();
  }

  // Memory

  async keep() {
    this.changed();
    if (this.gone) return; // thrown away while something was still under way
    await this.memory.keep({
      id: this.state.id,
      state: this.state,
      passes: this.kept(),
      notices: this.notices,
      journal: this.journal,
    });
  }

  // What the user does; each wallet's phone adds its own

  /** Opens a link and installs. What is wrong is shown, never thrown. */
  async add(link) {
    if (!this.mayUseNetwork()) return;
    await this.doing("busy_adding", () => this.orRefuse(() => this.install(link)));
  }

  /** What the phone does not take, and what cannot be reached, is told and not thrown. */
  async orRefuse(act) {
    try {
      await act();
    } catch (error) {
      if (!this.isRefusal(error) && !(error instanceof Unreachable)) throw error;
      this.report({ event: "refused", text: error.message });
    }
  }

  async setOnline(online) {
    this.state.online = online;
    this.report({ event: online ? "online" : "offline" });
    await this.keep();
    await (online ? this.goOnline() : this.goOffline());
  }

  /** `keep` once it has come to rest. */
  moveTo(place) {
    this.state.place = place;
    this.changed();
  }

  /** `what`: the key of a text, for whoever waits. */
  async doing(what, act) {
    this.busy = what;
    this.changed();
    try {
      return await act();
    } finally {
      this.busy = null;
      this.changed();
      await this.keep();
    }
  }

  mayUseNetwork() {
    if (!this.state.online) this.report({ event: "failed", text: "the phone is in flight mode", givesUp: true });
    return this.state.online;
  }

  /** Tries with growing delay while the phone is online, then gives up. `judge(error, last)`: whether an error of the protocol is worth
   *  another try; it throws what is none. True: it worked. */
  async withRetries(act, judge) {
    for (const seconds of [...this.retrySeconds, null]) {
      const last = seconds === null;
      try {
        await act();
        return true;
      } catch (error) {
        if (error instanceof Unreachable) this.report({ event: "failed", text: error.message, givesUp: last });
        else if (!(await judge(error, last))) return false;
      }
      if (last) break;
      await this.pause(seconds);
      if (!this.state.online) break;
    }
    return false;
  }

  /** Ends early by `wake()`: a push shortens the wait. */
  async pause(seconds) {
    let done;
    await new Promise((ended) => {
      done = ended;
      this.waking.add(done);
      setTimeout(done, seconds * 1000);
    });
    this.waking.delete(done);
  }

  wake() {
    for (const done of this.waking) done();
  }
}
