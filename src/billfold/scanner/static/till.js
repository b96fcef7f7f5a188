// What a cashier does, step by step: a code is read, a card is shown, something is done with it, the outcome stands large on the screen.
// Views show `till` and call its methods; `till.changed` tells them to look again. May not enter: HTML, addresses, how things are kept.

import { tell } from "./feedback.js";
import { Line } from "./line.js";
import { readSigned, refusal } from "./offline.js";
import { Outbox } from "./operations.js";
import { outcomeOf, refusedOutcome } from "./outcome.js";
import { Refused, Unreachable } from "./server.js";
import { Session } from "./session.js";
import { Turns } from "./turns.js";

const LAST = 10;
const NOBODY = new Set(["starting", "enrol", "locked", "ended"]); // screens of a till that nobody works at

export class Till {
  screen = "starting"; // enrol, locked, scan, choose, card, result, history, settings, ended
  busy = false;
  cards = [];
  card = null; // of the server; null where it could not be asked
  outcome = null;
  explained = null;
  trouble = "";
  operations = [];
  heard = null; // who wants a code before there is a terminal

  constructor(store) {
    this.store = store;
    this.changed = () => {};
    this.turns = new Turns();
    this.session = new Session(store);
    this.outbox = new Outbox(store, () => this.session.server, () => this.#noted());
    this.line = new Line(() => this.#exchange(), (error) => this.#ended(error), () => this.changed());
    this.tabs = new BroadcastChannel("billfold-scanner");
    this.tabs.onmessage = () => this.#reread();
  }

  /** The code in hand: the last one whose turn it was. */
  get code() {
    return this.turns.code;
  }

  get online() {
    return this.line.up;
  }

  get waiting() {
    return this.operations.filter((one) => one.state === "waiting" || one.undo?.state === "waiting");
  }

  /** What a person should look at: taken offline or asked twice, and then not simply booked. */
  get attention() {
    return this.operations.filter((one) => one.attention && !one.seen);
  }

  /** What was sent of the card at hand and has no answer yet: the same again would be booked beside it. */
  get unconfirmed() {
    const same = (one) => one.scanned === this.code || (this.card && one.known_pass === this.card.pass_id);
    return this.operations.filter((one) => one.state === "waiting" && !one.offline && same(one));
  }

  get recent() {
    return this.operations.slice(-LAST).reverse();
  }

  #show(screen, values = {}) {
    Object.assign(this, { screen, trouble: "" }, values);
    this.changed();
  }

  async #noted() {
    await this.#reread();
    this.tabs.postMessage("changed");
  }

  async #reread() {
    this.operations = await this.store.all();
    this.changed();
  }

  async start() {
    await this.session.load();
    await this.#reread();
    this.#home();
    this.#goOn(); // a reader may have been faster
    await this.line.start();
  }

  #home() {
    const { token, locked } = this.session;
    if (!token || locked) this.turns.forget();
    this.turns.twice = false;
    this.#show(!token ? "enrol" : locked ? "locked" : "scan", { card: null, cards: [], outcome: null, explained: null });
  }

  async #exchange() {
    if (!this.session.token) return false;
    await this.outbox.flush();
    await this.store.forget(Date.now());
    const known = await this.session.sync();
    await this.outbox.repeatIfForgotten(known);
    await this.outbox.flush(); // that, and what was taken while the server was asked
    await this.#reread();
    if (this.screen === "ended") this.#home(); // the server takes this terminal again
    return true;
  }

  #ended(error) {
    if (error.status === 401) {
      this.turns.forget();
      this.#show("ended");
    } else this.#show(this.screen, { trouble: error.message });
  }

  // Runs `work` with the screen told to wait; a server that cannot be reached calls `alone`.
  async #asking(work, alone) {
    if (this.busy) return;
    this.busy = true;
    this.trouble = "";
    this.changed();
    try {
      await work();
    } catch (error) {
      if (error instanceof Unreachable) {
        this.line.down();
        await alone(error);
      } else if (error instanceof Refused && error.status === 401 && this.session.token) this.#ended(error);
      else if (error instanceof Refused) this.trouble = error.message;
      else throw error;
    } finally {
      this.busy = false;
      this.changed();
    }
  }

  enrol = (code) =>
    this.#asking(
      async () => {
        await this.session.enrol(code);
        this.changed();
        await this.line.tryNow(); // what it takes to go on without a network is here before the first card
        if (this.screen === "enrol") this.#home();
      },
      (error) => (this.trouble = error.status === 429 ? "pin_slow" : "no_answer"),
    );

  unlock = (pin) =>
    this.#asking(
      async () => {
        const why = await this.session.unlock(pin);
        if (why) this.trouble = `pin_${why}`;
        else this.#home();
      },
      () => (this.trouble = "no_answer"),
    );

  lock() {
    this.session.lock();
    this.#home();
  }

  async signOut() {
    await this.session.signOut();
    await this.#reread();
    this.#home();
  }

  async setGate(gate) {
    await this.session.setGate(gate);
    this.turns.forget();
    this.changed();
  }

  next = () => (this.turns.next ? this.#takeNext() : this.#home());
  open = (screen) => this.#show(screen);

  /**
   * A code from the camera, a reader or the keyboard. Gives false where it is not wanted and nothing happens. One that comes while
   * another is dealt with waits its turn, and the screen says so; the same one again is told, and not done twice.
   */
  read(code) {
    const text = code.trim();
    if (this.screen === "enrol") this.heard?.(text);
    if (!text || this.screen === "enrol") return false;
    if (this.screen === "locked" || this.screen === "ended") return this.#closed();
    const busy = this.busy || this.screen === "starting";
    const atOnce = Boolean(this.session.gate) && this.outcome?.tone !== "no"; // what was refused may be tried again
    if (this.turns.heard(text, { busy, atOnce }) === "now") this.#take();
    else {
      tell("look");
      this.changed();
    }
    return true;
  }

  #closed() {
    tell("no");
    if (this.screen === "locked") this.trouble = "locked";
    this.changed();
    return false;
  }

  #take() {
    void (this.session.gate ? this.#passGate() : this.#inspect());
  }

  #takeNext() {
    this.turns.begin(this.turns.next);
    this.#take();
  }

  // The code that waits, unless somebody must look at something first.
  #goOn() {
    const seen = !this.outcome || (this.session.gate && this.outcome.tone === "yes");
    if (this.turns.next && seen && !this.busy && !this.trouble && !NOBODY.has(this.screen)) this.#takeNext();
  }

  async #inspect() {
    const fresh = { card: null, cards: [], explained: null, outcome: null };
    const alone = () => this.#show("card", fresh);
    if (!this.online) return alone();
    await this.#asking(async () => {
      try {
        const { cards } = await this.session.server.inspect(this.code);
        if (cards.length === 1) this.#show("card", { ...fresh, cards, card: cards[0] });
        else this.#show("choose", { ...fresh, cards });
      } catch (error) {
        if (!(error instanceof Refused) || error.status === 401) throw error;
        this.#tell(refusedOutcome(error.code, error));
      }
    }, alone);
    this.#goOn();
  }

  /** The card at hand, once more: the server can be asked again. */
  lookUp = () => this.#inspect();

  choose = (card) => this.#show("card", { card });

  #passGate() {
    const action = this.session.gate;
    this.outcome = null; // what was said of the one before is not taken for this one
    return this.execute({ action, ...(action === "stamp" && { amounts: { stamps: 1 } }) });
  }

  #scanOf({ action, amounts, product_id, description }) {
    // By its pass once it is known: a rotating code is good for half a minute only.
    const which = this.card ? { pass_id: this.card.pass_id } : { code: this.code };
    return { ...which, action, ...(amounts && { amounts }), ...(product_id && { product_id }), ...(description && { description }) };
  }

  /** Shows what would happen, and does nothing. */
  explain = async (wanted) => {
    await this.#asking(
      async () => {
        try {
          const scan = await this.session.server.scan({ ...this.#scanOf(wanted), id: crypto.randomUUID(), dry_run: true });
          this.explained = { wanted, scan };
        } catch (error) {
          if (!(error instanceof Refused) || error.status === 401) throw error;
          this.explained = { wanted, refused: refusedOutcome(error.code, error) };
        }
      },
      () => (this.trouble = "no_answer"),
    );
    this.#goOn();
  };

  /** Does it: stored first, then sent; decided here where the server cannot be asked and the scan may be taken so. */
  async execute(wanted) {
    const scan = this.#scanOf(wanted);
    await this.#asking(async () => {
      const { decide, ...facts } = await this.#decision(scan);
      if (!this.online) {
        const made = await this.outbox.record(scan, { ...facts, decide, offline: true });
        return this.#tell(made.refused ? refusedOutcome(made.refused) : outcomeOf(made));
      }
      const { id } = await this.outbox.record(scan, facts);
      await this.outbox.flush().catch(async (error) => {
        if (!(error instanceof Unreachable)) throw error;
        this.line.down();
        if ((await this.store.operation(id)).state === "waiting") await this.outbox.takeOffline(id, facts.verified, decide);
      });
      return this.#tell(outcomeOf(await this.store.operation(id)));
    });
    this.#goOn();
  }

  /** What was refused because nobody had said for which product, once more for this one. */
  forProduct = ({ id }) => this.execute({ ...this.outcome.operation, product_id: id });

  // How the scan would be decided here, `decide(operations)` → "" or why not, and what is kept with it.
  async #decision(scan) {
    const { offline, public_key, voided } = this.session;
    const now = this.session.now();
    const reading = await readSigned(this.code, public_key, now);
    const known = { scanned: this.code, known_pass: this.card?.pass_id ?? reading.pass_id };
    const decide = (operations) => refusal({ granted: offline, voided, reading, scan: { ...scan, ...known }, operations, now });
    return { ...known, decide, verified: Boolean(reading.pass_id), grant: offline?.grant ?? "", title: this.card?.title ?? "" };
  }

  #tell(outcome) {
    tell(outcome.tone);
    if (NOBODY.has(this.screen)) return; // locked meanwhile: it stands in the history
    this.#show(this.session.gate ? "scan" : "result", { outcome });
  }

  /** Undoes one of this device's operations, now or as soon as the server can be reached. */
  undo = (operation) => {
    this.turns.done();
    return this.#asking(
      async () => {
        await this.outbox.undo(operation.id);
        await this.outbox.flush();
        if (this.outcome?.operation.id === operation.id) this.outcome = outcomeOf(await this.store.operation(operation.id));
      },
      async () => {
        if (this.outcome?.operation?.id === operation.id) this.outcome = outcomeOf(await this.store.operation(operation.id));
      },
    );
  };

  async seen(operation) {
    await this.store.change([operation.id], () => ({ seen: true }));
    await this.#noted();
  }

  tryNow = async () => {
    await this.#asking(() => this.line.tryNow());
    this.#goOn();
  };
}
