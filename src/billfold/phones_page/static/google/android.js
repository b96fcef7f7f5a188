// An Android phone that lives in the page: it saves passes to a Google account and shows what that account is told.
// It speaks to the Google stand-in's HTTP alone. May not enter: Apple's protocol; how it is drawn.
// Source: reference/google-wallet.md sections 3.3 and 4.

import { Phone } from "../phone.js";
import { postJson, request } from "../reading/http.js";
import { CannotInstall, findSaveLink, walletHome } from "../share_link.js";
import { compare, newMessage, readPass } from "./card.js";

export class Android extends Phone {
  constructor(state, world) {
    super(
      { account: `phone-${crypto.randomUUID().slice(0, 8)}@example.com`, home: null, lastEvent: "", quiet: [], ...state },
      world,
    );
    this.key = `${this.state.id} google`;
  }

  // Life

  async wakeUp({ passes = [], notices = [], journal = [] } = {}) {
    Object.assign(this, { notices, journal, passes: passes.map((entry) => this.read(entry)) });
    this.changed();
    if (this.state.home && this.state.online) await this.goOnline();
  }

  kept() {
    return this.passes.map((one) => one.entry);
  }

  read(entry) {
    return readPass(entry, this.state.language);
  }

  async speak(language) {
    this.state.language = language;
    this.passes = this.passes.map((one) => this.read(one.entry));
    await this.keep();
  }

  find(objectId) {
    return this.passes.find((one) => one.objectId === objectId);
  }

  // What the user does

  isRefusal(error) {
    return error instanceof CannotInstall;
  }

  async install(link) {
    const saveLink = await findSaveLink(link);
    this.report({ event: "opened", link });
    const home = walletHome(saveLink);
    if (new URL(home).origin !== this.origin)
      throw new CannotInstall("that pass is kept by Google itself; these phones know the stand-in alone");
    const objectId = await this.save(saveLink);
    const { entries, lastEvent } = await this.readWallet(home);
    if (!entries.some((one) => one.objectId === objectId))
      throw new CannotInstall(`${objectId} was saved and is not in the wallet of ${this.state.account}`);
    const again = Boolean(this.find(objectId));
    this.take(entries);
    Object.assign(this.state, { home, lastEvent });
    this.report({ event: "installed", serialNumber: objectId, title: this.find(objectId).card.title, again });
    await this.goOnline();
  }

  /** The wallet as the account has it now, without waiting for news. */
  async refresh() {
    if (!this.state.home || !this.mayUseNetwork()) return;
    await this.doing("busy_asking", () =>
      this.withRetries(
        async () => {
          const { entries } = await this.readWallet(this.state.home);
          for (const entry of entries) this.show(entry);
          this.report({ event: "fetched" });
        },
        (error) => this.giveUp(error),
      ),
    );
  }

  /** Takes a pass out of the wallet. The object stays with Google. */
  async remove(pass) {
    if (!this.mayUseNetwork()) return;
    await this.doing("busy_removing", () =>
      this.withRetries(
        async () => {
          const url = `${this.wallet()}/remove/${encodeURIComponent(pass.objectId)}`;
          const { status } = await request("POST", url, { headers: { Accept: "application/json" } });
          if (status !== 200) throw new CannotInstall(`removing was answered ${status}`);
          this.forget(pass.objectId);
        },
        (error) => this.giveUp(error),
      ),
    );
  }

  giveUp(error) {
    if (!(error instanceof CannotInstall)) throw error;
    this.report({ event: "failed", text: error.message, givesUp: true });
    return false;
  }

  notifies(pass) {
    return !this.state.quiet.includes(pass.objectId);
  }

  async setNotifications(pass, on) {
    const others = this.state.quiet.filter((one) => one !== pass.objectId);
    this.state.quiet = on ? others : [...others, pass.objectId];
    await this.keep();
  }

  async goOffline() {
    this.line.unfollow(this.key);
    this.wake();
  }

  /** What was missed arrives by itself. */
  async goOnline() {
    if (!this.state.home || this.line.follows(this.key)) return;
    await this.line.follow(this.key, () => ({ account: this.state.account, after: this.state.lastEvent }), {
      open: (again) => again || this.report({ event: "waiting", topic: this.state.account }),
      news: (name, data, id) => this.news(name, data, id),
      down: (text) => this.report({ event: "failed", text }),
    });
  }

  /** A new phone that signs in with the same account: the wallet is there. */
  async restore(_backup, older) {
    Object.assign(this.state, { account: older.account, home: older.home });
    if (!this.state.home) return;
    const { entries, lastEvent } = await this.readWallet(this.state.home);
    this.take(entries);
    this.state.lastEvent = lastEvent;
    await this.keep();
    await this.goOnline();
  }

  async wipe() {
    this.gone = true;
    await this.goOffline();
    await this.memory.forget(this.state.id);
  }

  // Google's side

  wallet(home = this.state.home) {
    return `${home}/wallet/${encodeURIComponent(this.state.account)}`;
  }

  async save(saveLink) {
    const answer = await postJson(saveLink, { account: this.state.account }, { Accept: "application/json" });
    const said = membersOf(answer);
    if (answer.status !== 200)
      throw new CannotInstall(`Google Wallet does not save this pass: ${said.error?.message ?? `status ${answer.status}`}`);
    if (typeof said.objectId !== "string") throw new CannotInstall("the save link's answer names no object");
    return said.objectId;
  }

  async readWallet(home) {
    const answer = await request("GET", `${this.wallet(home)}/objects`, { headers: { Accept: "application/json" } });
    const said = membersOf(answer);
    if (answer.status !== 200 || !Array.isArray(said.objects))
      throw new CannotInstall(`the wallet of ${this.state.account} cannot be read: status ${answer.status}`);
    return { entries: said.objects, lastEvent: String(said.lastEventId ?? "") };
  }

  take(entries) {
    this.passes = entries.map((entry) => this.read(entry));
  }

  news(name, data, id) {
    if (id && Number(id) <= Number(this.state.lastEvent || 0)) return; // both lines of a change of lines brought it
    if (name === "changed" || name === "saved") this.show(data);
    else if (name === "removed") this.forget(data.objectId);
    else if (name === "notification" && this.find(data.objectId) && this.notifies(this.find(data.objectId))) {
      this.report({ event: "notified", serialNumber: data.objectId, title: data.title, text: data.text, generic: true });
    }
    this.state.lastEvent = id || this.state.lastEvent;
    this.keep();
  }

  /** The card as it is now. A pass that came from another phone of the account is taken in silently. */
  show(entry) {
    const older = this.find(entry.objectId),
      newer = this.read(entry);
    this.passes = older ? this.passes.map((one) => (one === older ? newer : one)) : [...this.passes, newer];
    if (!older || JSON.stringify([older.card, older.messages]) === JSON.stringify([newer.card, newer.messages])) return;
    this.report({
      event: "updated",
      serialNumber: entry.objectId,
      changes: compare(older, newer),
      message: newMessage(older, newer),
    });
  }

  forget(objectId) {
    if (!this.find(objectId)) return;
    this.passes = this.passes.filter((one) => one.objectId !== objectId);
    this.notices = this.notices.filter((one) => one.serialNumber !== objectId);
    this.report({ event: "removed", serialNumber: objectId });
  }
}

function membersOf(answer) {
  try {
    return answer.json() ?? {};
  } catch {
    return {};
  }
}
