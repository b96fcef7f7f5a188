// Who this device is: a terminal, once its code was entered; what it knows from the last sync; whether its PIN was given.
// May not enter: scans, what is shown.

import { Refused, Unreachable, enrol, serverFor } from "./server.js";

const ROUNDS = 310_000;
const OFFLINE_TRIES = 5;
const FACTS = ["token", "terminal", "organization_name", "environment", "products", "programmes", "offline", "public_key", "voided", "clock_ahead_ms", "synced_at", "pin", "gate"];

/** What is known of a terminal, as plain members named like FACTS; `locked` until its PIN is given. */
export class Session {
  locked = false;

  constructor(store) {
    this.store = store;
  }

  get server() {
    return this.token ? serverFor(this.token) : null;
  }

  /** The server's time, as far as the last sync told. */
  now() {
    return Date.now() + (this.clock_ahead_ms ?? 0);
  }

  async load() {
    await this.refresh();
    this.locked = Boolean(this.terminal?.pin);
  }

  /** Reads again what another tab may have learnt. */
  async refresh() {
    for (const name of FACTS) this[name] = await this.store.fact(name);
  }

  async #keep(values) {
    await this.store.setFacts(values);
    Object.assign(this, values);
  }

  /** Raises Refused where the code is wrong, used or too old. */
  async enrol(code) {
    const { token, terminal, organization_name, environment } = await enrol(code.trim().toUpperCase());
    await this.store.clear();
    await this.#keep({ token, terminal, organization_name, environment });
    await this.store.raiseSequence(terminal.last_device_seq ?? 0);
    this.locked = Boolean(terminal.pin);
    await navigator.storage?.persist?.(); // a browser short of room then spares what was not sent yet
  }

  /** Gives the highest number of this device that the server knows. */
  async sync() {
    const { now, last_device_seq, terminal, products, programmes, offline, public_key, voided } = await this.server.sync();
    const clock_ahead_ms = Date.parse(now) - Date.now();
    await this.store.raiseSequence(last_device_seq ?? 0);
    await this.#keep({ terminal, products, programmes, offline, public_key, voided, clock_ahead_ms, synced_at: Date.now() });
    return last_device_seq ?? 0;
  }

  setGate = (gate) => this.#keep({ gate });

  lock() {
    this.locked = Boolean(this.terminal?.pin);
  }

  /** "" when it was right; "wrong", "slow" (too many tries) or "ask" (this device cannot tell without the server). */
  async unlock(pin) {
    try {
      await this.server.checkPin(pin);
    } catch (error) {
      if (error instanceof Refused && error.status !== 401) return "wrong";
      if (!(error instanceof Unreachable)) throw error;
      if (error.status === 429) return "slow";
      const why = await this.#unlockAlone(pin);
      if (why) return why;
    }
    await this.#rememberPin(pin);
    this.locked = false;
    return "";
  }

  // The PIN keeps passers-by from the till; who takes the device apart is stopped by revoking the terminal, not by this.
  async #unlockAlone(pin) {
    if (!this.pin || this.pin.tries >= OFFLINE_TRIES) return "ask";
    await this.#keep({ pin: { ...this.pin, tries: this.pin.tries + 1 } });
    return (await derive(pin, this.pin.salt)) === this.pin.derived ? "" : "wrong";
  }

  async #rememberPin(pin) {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    await this.#keep({ pin: { salt, derived: await derive(pin, salt), tries: 0 } });
  }

  async signOut() {
    await this.store.clear();
    await this.refresh();
    this.locked = false;
  }
}

async function derive(pin, salt) {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS }, key, 256);
  return Array.from(new Uint8Array(bits), (one) => one.toString(16).padStart(2, "0")).join("");
}
