// Whether the server can be reached, and the patience to try again: at once when the device is back on a network, else ever more seldom.
// May not enter: what is sent.

import { Refused, Unreachable } from "./server.js";

const WAITS_MS = [2_000, 4_000, 8_000, 15_000];
const FRESH_MS = 5 * 60_000;

/** `work()` sends what waits and learns what is new, and gives false where there is nobody to ask for; `ended(error)` hears that the server refuses this terminal. */
export class Line {
  up = navigator.onLine;
  sure = false; // whether `up` was found out: until then it is what the browser believes
  #tries = 0;
  #fell = false;
  #timer = null;
  #working = null;

  constructor(work, ended, changed) {
    Object.assign(this, { work, ended, changed });
  }

  start() {
    addEventListener("online", () => this.tryNow());
    addEventListener("offline", () => this.down());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.tryNow());
    return this.tryNow();
  }

  down() {
    this.#fell = true;
    if (!this.up) return; // it is being tried again already
    this.#set(false);
    this.#later(WAITS_MS[0]);
  }

  /** One round at a time; who asks during one waits for that. */
  tryNow() {
    this.#working ??= this.#round().finally(() => (this.#working = null));
    return this.#working;
  }

  async #round() {
    clearTimeout(this.#timer);
    this.#fell = false;
    try {
      const asked = await this.work();
      this.#tries = 0;
      if (asked !== false && !this.#fell) this.#set(true); // else it was lost meanwhile
      this.#later(this.#fell ? WAITS_MS[0] : FRESH_MS);
    } catch (error) {
      this.#later(WAITS_MS[Math.min(this.#tries++, WAITS_MS.length - 1)]);
      if (error instanceof Unreachable) this.#set(false);
      else if (error instanceof Refused) this.ended(error);
      else throw error;
    }
  }

  #set(up) {
    if (this.up === up && this.sure) return;
    Object.assign(this, { up, sure: true });
    this.changed();
  }

  #later(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.tryNow(), milliseconds);
  }
}
