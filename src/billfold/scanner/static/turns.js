// Whose turn it is: one code is in hand; the newest that comes meanwhile waits; the same one again, by an impatient hand, counts once.
// May not enter: what is done with a code, what is shown.

const AGAIN_MS = 3000; // a gate counts the same code again after this long: somebody meant it

export class Turns {
  code = ""; // in hand, or the last that was
  next = ""; // waits
  twice = false; // the last one that came is in hand already
  #inHand = false;
  #began = -Infinity;

  constructor(now = () => performance.now()) {
    this.now = now;
  }

  /** What becomes of a code that was just read: "now", "waits" or "twice". `busy`: something is being asked or done; `atOnce`: what
   * is read is done without a further touch. */
  heard(code, { busy = false, atOnce = false } = {}) {
    const soon = atOnce && this.now() - this.#began < AGAIN_MS;
    this.twice = code === this.code && ((busy && this.#inHand) || soon);
    if (this.twice) return "twice";
    if (busy) this.next = code;
    else this.begin(code);
    return busy ? "waits" : "now";
  }

  /** The code is in hand, and none waits any more. */
  begin(code) {
    Object.assign(this, { code, next: "", twice: false });
    this.#inHand = true;
    this.#began = this.now();
  }

  /** Nothing more is done with the code in hand: the same one again is a new wish. */
  done() {
    this.#inHand = false;
  }

  /** Whoever is here next begins anew. */
  forget() {
    Object.assign(this, { code: "", next: "", twice: false });
    this.#inHand = false;
  }
}
