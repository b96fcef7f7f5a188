// All phones of the page: made, woken from memory, replaced by a new one, thrown away. One tab holds them at a time, since a phone
// in two places would answer for itself twice. May not enter: what a phone does; how it is drawn.

import { Iphone } from "./apple/iphone.js";
import { Android } from "./google/android.js";
import { Line } from "./line.js";
import { Memory } from "./memory.js";

const KINDS = { iphone: Iphone, android: Android };
const LOCK = "billfold-phones";

export class Shelf {
  /** Waits while another tab holds the phones, and tells `onWait` so. `line`: address of the sandbox's line. */
  static async open({ lineUrl, onWait = () => {} }) {
    await holdLock(onWait);
    const shelf = new Shelf(await Memory.open(), new Line(lineUrl));
    for (const { state, ...kept } of await shelf.memory.all()) shelf.put(state.kind, state, kept);
    return shelf;
  }

  constructor(memory, line) {
    this.memory = memory;
    this.line = line;
    this.phones = [];
    this.listeners = new Set();
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed() {
    for (const listener of this.listeners) listener(this);
  }

  /** A phone as it comes out of its box. `kind`: iphone or android. */
  async make(kind, language = "en") {
    const phone = this.put(kind, this.stateOf(kind, language));
    await phone.keep();
    return phone;
  }

  /** A new phone from `older`'s backup. The older one stays until it is thrown away. */
  async replace(older) {
    const phone = this.put(older.state.kind, this.stateOf(older.state.kind, older.state.language));
    await phone.doing("busy_restoring", () => phone.orRefuse(() => phone.restore(older.kept(), older.state)));
    return phone;
  }

  /** Erased without a word to any server, as a phone that fell into the sea. */
  async throwAway(phone) {
    this.phones = this.phones.filter((one) => one !== phone);
    this.changed();
    await phone.wipe();
  }

  stateOf(kind, language) {
    const number = 1 + Math.max(0, ...this.phones.filter((one) => one.state.kind === kind).map((one) => one.state.number));
    return { id: crypto.randomUUID(), kind, number, language, online: true, place: null };
  }

  put(kind, state, kept) {
    const phone = new KINDS[kind](state, { line: this.line, memory: this.memory, origin: location.origin });
    this.phones = [...this.phones, phone].sort(
      (one, other) => other.state.kind.localeCompare(one.state.kind) || one.state.number - other.state.number,
    );
    this.changed();
    if (kept) phone.wakeUp(kept).catch((error) => phone.report({ event: "failed", text: error.message, givesUp: true }));
    return phone;
  }
}

/** Comes back when this tab holds the phones; it does so until it is closed. */
function holdLock(onWait) {
  return new Promise((held) => {
    const hold = () => {
      held();
      return new Promise(() => {});
    };
    navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
      if (lock) return hold();
      onWait();
      navigator.locks.request(LOCK, hold);
      return undefined;
    });
  });
}
