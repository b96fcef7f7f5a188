// An iPhone that lives in the page: it installs, registers, waits for pushes, and does what a user can do with a pass.
// May not enter: how it is drawn; the push service's code (only its HTTP). Source: reference/apple-wallet.md sections 4.5, 4.6.

import { Phone } from "../phone.js";
import { Unreachable, postJson, request } from "../reading/http.js";
import { CannotInstall, downloadBundles } from "../share_link.js";
import { InvalidPass, openBundle } from "./bundle.js";
import { readPem } from "./certificates.js";
import { Keeper, addressOf } from "./keeper.js";
import { formOf } from "./sign_up.js";
import { ServerWrong, register, unregister } from "./web_service.js";

const KEPT = ["link", "lastModified", "automaticUpdates", "notifications", "fetchedAheadOfList"];

export class Iphone extends Phone {
  constructor(state, world) {
    super({ device: null, tokens: {}, tags: {}, ...state }, world);
    this.courier = `${world.origin}/sandbox/apns`;
    this.root = null;
    this.form = null; // what is asked for beside a pass, as long as it is
    this.keeper = new Keeper(this);
    this.updating = new Map();
  }

  // Life

  /** Takes up what it had: bundles are verified anew, and one that the sandbox's root no longer vouches for is gone. */
  async wakeUp({ passes = [], notices = [], journal = [] } = {}) {
    Object.assign(this, { notices, journal });
    if (!passes.length) return;
    await this.learnRoot();
    for (const kept of passes) {
      try {
        this.passes.push(this.passOf(await openBundle(kept.data, this.root), kept));
      } catch (error) {
        if (!(error instanceof InvalidPass)) throw error;
        this.report({ event: "refused", text: `a pass that was kept is broken: ${error.message}` });
      }
    }
    this.changed();
    if (this.state.online) await this.reboot();
  }

  kept() {
    return this.passes.map((one) => ({ data: one.opened.data, ...Object.fromEntries(KEPT.map((name) => [name, one[name]])) }));
  }

  passOf(opened, { link, lastModified, automaticUpdates = true, notifications = true, fetchedAheadOfList = false }) {
    return { opened, content: this.keeper.read(opened), link, lastModified, automaticUpdates, notifications, fetchedAheadOfList };
  }

  ofType(kind) {
    return this.passes.filter((one) => one.content.passTypeIdentifier === kind);
  }

  find(kind, serialNumber) {
    return this.ofType(kind).find((one) => one.content.serialNumber === serialNumber);
  }

  /** Puts a pass into the wallet, in the place of an older one of its identity. */
  async put(pass) {
    const { passTypeIdentifier, serialNumber } = pass.content;
    const at = this.passes.indexOf(this.find(passTypeIdentifier, serialNumber));
    this.passes = at < 0 ? [...this.passes, pass] : this.passes.with(at, pass);
    await this.keep();
  }

  /** After a change of the phone's language: everything is read anew. */
  async speak(language) {
    this.state.language = language;
    this.passes = this.passes.map((one) => ({ ...one, content: this.keeper.read(one.opened) }));
    await this.keep();
  }

  // What the user does

  isRefusal(error) {
    return error instanceof CannotInstall || error instanceof InvalidPass;
  }

  async install(link) {
    const downloads = await downloadBundles(link);
    this.report({ event: "opened", link });
    await this.installAll(link, downloads);
  }

  /** A file that the user gave the phone, as from a mail. */
  async addFile(data) {
    await this.doing("busy_adding", () => this.orRefuse(() => this.installAll(null, [{ data, lastModified: null }])));
  }

  async installAll(link, downloads) {
    await this.learnRoot();
    const opened = [];
    for (const { data } of downloads) opened.push(await this.openOrRefuse(data));
    for (const [at, one] of opened.entries()) {
      const pass = await this.signedUp(this.passOf(one, { link, lastModified: downloads[at].lastModified }));
      if (!pass) continue;
      const { passTypeIdentifier, serialNumber } = pass.content;
      const again = Boolean(this.find(passTypeIdentifier, serialNumber));
      await this.put(pass);
      this.report({ event: "installed", serialNumber, title: pass.content.card.organizationName, again });
      await this.follow(pass);
    }
  }

  /** The pass as it is to be added: one with a form beside it is fetched anew once that was filled in. Null: it is not added. */
  async signedUp(pass) {
    const form = formOf(pass.opened, this.state.language);
    if (!form) return pass;
    const typed = await this.askFor(form);
    if (!typed) {
      this.report({ event: "not_signed_up", title: pass.content.card.organizationName });
      return null;
    }
    let made = null;
    const { url } = addressOf(pass);
    if (await this.try(() => this.keeper.signUp(pass, typed), url))
      await this.try(async () => (made = await this.keeper.fetchSignedUp(pass)), url);
    return made;
  }

  /** Shows the form until it is answered: what was typed, or null. */
  async askFor(form) {
    const typed = await new Promise((answer) => {
      this.form = { ...form, answer };
      this.changed();
    });
    this.form = null;
    this.changed();
    return typed;
  }

  async openOrRefuse(data) {
    try {
      return await openBundle(data, this.root);
    } catch (error) {
      if (error instanceof InvalidPass) throw new CannotInstall(`the pass cannot be installed: ${error.message}`);
      throw error;
    }
  }

  /** Pull to refresh: asks for the pass at once. */
  async refresh(pass) {
    const address = addressOf(pass);
    if (!address || !this.mayUseNetwork()) return;
    await this.doing("busy_asking", () => this.try(() => this.keeper.fetch(pass), address.url));
  }

  /** Deletes the pass and tells the server. */
  async remove(pass) {
    const { passTypeIdentifier, serialNumber } = pass.content;
    await this.doing("busy_removing", async () => {
      await this.unfollow(pass);
      this.passes = this.passes.filter((one) => one !== this.find(passTypeIdentifier, serialNumber));
      this.notices = this.notices.filter((one) => one.serialNumber !== serialNumber);
      if (!this.ofType(passTypeIdentifier).length) this.line.unfollow(this.lineKey(passTypeIdentifier));
      this.report({ event: "removed", serialNumber });
    });
  }

  /** The switch on the back of the pass: updates go on, the lock screen stays quiet. */
  async setNotifications(pass, on) {
    await this.put({ ...pass, notifications: on });
  }

  /** The other switch: off unregisters, on registers and asks for the pass. */
  async setAutomaticUpdates(pass, on) {
    const switched = { ...pass, automaticUpdates: on };
    await this.put(switched);
    await (on ? this.follow(switched) : this.unfollow(pass));
  }

  async goOffline() {
    for (const kind of this.types()) this.line.unfollow(this.lineKey(kind));
    this.wake();
  }

  /** A stored push arrives by itself. */
  async goOnline() {
    for (const kind of this.types()) await this.connect(kind);
  }

  /** Off and on: asks what changed without any push, with the last tags. */
  async reboot() {
    for (const kind of this.types()) {
      await this.connect(kind);
      await this.update(kind, true);
    }
  }

  /** From another phone's backup: the same passes under a device id and tokens of its own. */
  async restore(backup) {
    await this.learnRoot();
    for (const kept of backup) this.passes.push(this.passOf(await openBundle(kept.data, this.root), kept));
    await this.keep();
    for (const pass of this.passes) await this.follow(pass);
  }

  /** Erased without a word to the server: only the push service knows that the tokens are dead. */
  async wipe() {
    this.gone = true;
    this.form?.answer(null);
    await this.goOffline();
    for (const token of Object.values(this.state.tokens))
      await request("DELETE", `${this.courier}/devices/${token}`).catch(() => null);
    await this.memory.forget(this.state.id);
  }

  // Registration

  async follow(pass) {
    const address = addressOf(pass);
    if (!address || !pass.automaticUpdates || !this.mayUseNetwork()) return;
    if (!(await this.register(address))) return;
    await this.connect(address.passTypeIdentifier);
    await this.update(address.passTypeIdentifier, false);
  }

  register(address) {
    return this.try(async () => {
      const token = await this.token(address.passTypeIdentifier);
      const status = await register(address, this.state.device, token);
      this.report({ event: "registered", serialNumber: address.serialNumber, status });
    }, address.url);
  }

  async unfollow(pass) {
    const address = addressOf(pass);
    if (!address || !this.state.device || !this.mayUseNetwork()) return;
    if (await this.try(() => unregister(address, this.state.device), address.url))
      this.report({ event: "unregistered", serialNumber: address.serialNumber });
  }

  /** The token for a pass type, asked of the operating system (the courier) the first time. */
  async token(kind) {
    if (this.state.tokens[kind]) return this.state.tokens[kind];
    const answer = await postJson(`${this.courier}/devices`, { topic: kind, deviceLibraryIdentifier: this.state.device });
    if (answer.status !== 200 && answer.status !== 201) throw new Unreachable(`the push service gives no token: ${answer.status}`);
    const { pushToken, deviceLibraryIdentifier } = answer.json();
    this.state.tokens[kind] = pushToken;
    this.state.device = deviceLibraryIdentifier;
    await this.keep();
    return pushToken;
  }

  async learnRoot() {
    if (this.root) return;
    const answer = await request("GET", `${this.courier}/ca.pem`);
    if (answer.status !== 200) throw new CannotInstall("no sandbox runs here; these phones take passes of a test environment only");
    this.root = readPem(new TextDecoder().decode(answer.body));
  }

  // Pushes and updates

  lineKey(kind) {
    return `${this.state.id} ${kind}`;
  }

  /** Opens the line for a pass type, unless it is open. */
  async connect(kind) {
    const key = this.lineKey(kind);
    if (this.line.follows(key) || !this.state.online) return;
    if (!(await this.try(() => this.token(kind), null))) return;
    await this.line.follow(key, () => ({ pushToken: this.state.tokens[kind], topic: kind }), {
      open: (again) => (again ? this.update(kind, true) : this.report({ event: "waiting", topic: kind })),
      news: (name) => (name === "gone" ? this.replaceToken(kind) : this.pushed(kind)),
      down: (text) => this.report({ event: "failed", text }),
    });
  }

  pushed(kind) {
    this.report({ event: "pushed", topic: kind });
    this.wake();
    this.update(kind, true);
  }

  /** The push service has forgotten this phone: a new token, and every pass registers again with it. */
  async replaceToken(kind) {
    delete this.state.tokens[kind];
    for (const pass of this.ofType(kind)) if (addressOf(pass) && pass.automaticUpdates) await this.register(addressOf(pass));
    this.line.renew();
  }

  /** One after the other for each pass type. */
  update(kind, tagged) {
    const next = (this.updating.get(kind) ?? Promise.resolve()).then(() =>
      this.try(() => this.keeper.updateType(kind, tagged), null),
    );
    this.updating.set(kind, next);
    return next;
  }

  /** With retries; what the server did wrong is told to it at `complainTo` (null: somebody did that already). */
  try(act, complainTo) {
    return this.withRetries(act, async (error, last) => {
      if (!(error instanceof ServerWrong)) throw error;
      if (complainTo) await this.keeper.complain(complainTo, error.complaint);
      if (!error.retry || last) this.report({ event: "failed", text: error.complaint, givesUp: true });
      return error.retry;
    });
  }

  types() {
    const followed = this.passes.filter((one) => one.automaticUpdates && addressOf(one));
    return [...new Set(followed.map((one) => one.content.passTypeIdentifier))];
  }
}
