// How an iPhone keeps its passes current: asks what changed, fetches, verifies, compares, shows, and complains when wronged.
// The order of calls is that of reference/apple-wallet.md section 4.5. May not enter: who wakes it up (iphone.js does), the link.

import { Unreachable } from "../reading/http.js";
import { InvalidPass, openBundle } from "./bundle.js";
import { compare, lockScreenLine } from "./changes.js";
import { readContent } from "./content.js";
import { infoOf, stillAsks } from "./sign_up.js";
import { SignatureInvalid, verifySignature } from "./signature.js";
import {
  ServerWrong,
  fetchPass,
  invalidPass,
  listChanged,
  log,
  missingLastModified,
  notPersonalized,
  personalize,
  unchangedAlthoughListed,
} from "./web_service.js";

/** Where a pass is kept current; null: it has no web service and stays as it is. */
export function addressOf({ content }) {
  const { webService, passTypeIdentifier, serialNumber } = content;
  return webService && { ...webService, passTypeIdentifier, serialNumber };
}

/** Works on the phone's state and reports to its journal. Methods throw Unreachable, and ServerWrong with `retry`. */
export class Keeper {
  constructor(phone) {
    this.phone = phone;
  }

  /** What a push for this pass type leads to. `tagged` false: as if no tag had ever been seen. */
  async updateType(kind, tagged) {
    const addresses = this.phone
      .ofType(kind)
      .filter((one) => one.automaticUpdates)
      .map(addressOf);
    for (const url of new Set(addresses.filter(Boolean).map((one) => one.url))) {
      try {
        await this.updateFrom(url, kind, tagged);
      } catch (error) {
        if (!(error instanceof ServerWrong)) throw error;
        await this.complain(url, error.complaint);
        if (error.retry) throw error;
      }
    }
  }

  async updateFrom(url, kind, tagged) {
    const { state } = this.phone,
      tagName = `${url} ${kind}`;
    const tag = (tagged && state.tags[tagName]) || null;
    const changed = await listChanged(url, kind, state.device, tag);
    if (!changed) {
      this.phone.report({ event: "unchanged" });
      return;
    }
    for (const serialNumber of changed.serialNumbers) {
      const pass = this.phone.find(kind, serialNumber);
      if (!pass) {
        await this.complain(url, `Server listed serial number '${serialNumber}', which this device did not register`);
        continue;
      }
      try {
        await this.fetch(pass, tag !== null);
      } catch (error) {
        if (!(error instanceof ServerWrong) || error.retry) throw error;
        await this.complain(url, error.complaint);
      }
    }
    // Only now: had a fetch failed for a while, the next list must name the pass again.
    state.tags[tagName] = changed.lastUpdated;
    await this.phone.keep();
  }

  /** A conditional GET and all that follows from it. `listed`: named by a list since a tag. */
  async fetch(pass, listed = false) {
    const address = addressOf(pass);
    if (!address) return;
    const served = await fetchPass(address, pass.lastModified);
    const blamed = listed && !pass.fetchedAheadOfList;
    if (!served) {
      await this.notChanged(pass, address, blamed, pass.lastModified);
      return;
    }
    const opened = await this.open(address, served);
    const lastModified = await this.judgeLastModified(address, served);
    this.phone.report({ event: "fetched", serialNumber: address.serialNumber, lastModified: served.lastModified });
    if (opened.manifestDigest === pass.opened.manifestDigest) {
      // 304 was the right answer to If-Modified-Since.
      await this.notChanged(pass, address, blamed || pass.lastModified !== null, lastModified);
      return;
    }
    const current = this.now(address); // its switches may have been turned while the answer was on its way
    if (current)
      await this.show(pass, { ...current, opened, content: this.read(opened), lastModified, fetchedAheadOfList: !listed });
  }

  /** Sends what was typed; the server must sign the phone's token with the pass's certificate, and has a pass of this person then. */
  async signUp(pass, typed) {
    const address = addressOf(pass);
    const token = crypto.randomUUID();
    const signature = await personalize(address, token, infoOf(typed));
    try {
      const { passTypeIdentifier } = await verifySignature(new TextEncoder().encode(token), signature, this.phone.root);
      if (passTypeIdentifier !== address.passTypeIdentifier) throw notPersonalized(address, "another pass type signed the token");
    } catch (error) {
      if (error instanceof SignatureInvalid) throw notPersonalized(address, `the token's signature is invalid: ${error.message}`);
      throw error;
    }
    this.phone.report({ event: "signed_up", serialNumber: address.serialNumber });
  }

  /** The pass as the server has it after a sign-up, in the place of the one that asked. */
  async fetchSignedUp(pass) {
    const address = addressOf(pass);
    const served = await fetchPass(address, null);
    const opened = await this.open(address, served);
    if (stillAsks(opened)) throw invalidPass(address, "it asks again for what was answered");
    const lastModified = await this.judgeLastModified(address, served);
    this.phone.report({ event: "fetched", serialNumber: address.serialNumber, lastModified: served.lastModified });
    return { ...pass, opened, content: this.read(opened), lastModified };
  }

  /** The pass as it is in the wallet now; undefined: removed meanwhile. */
  now(address) {
    return this.phone.find(address.passTypeIdentifier, address.serialNumber);
  }

  read(opened) {
    return readContent(opened, this.phone.state.language, new Date());
  }

  async open(address, served) {
    let opened;
    try {
      opened = await openBundle(served.data, this.phone.root);
    } catch (error) {
      if (error instanceof InvalidPass) throw invalidPass(address, error.message);
      throw error;
    }
    const { passTypeIdentifier, serialNumber } = opened.passJson;
    if (passTypeIdentifier !== address.passTypeIdentifier || serialNumber !== address.serialNumber) {
      throw invalidPass(address, "it is another pass than the one asked for");
    }
    return opened;
  }

  async judgeLastModified(address, served) {
    if (served.lastModified === null) {
      await this.complain(address.url, missingLastModified(address));
      return null;
    }
    if (Number.isNaN(Date.parse(served.lastModified))) {
      await this.complain(address.url, `Server provided a last-modified header that is no HTTP date: ${served.lastModified}`);
      return null;
    }
    return served.lastModified;
  }

  async notChanged(pass, address, blamed, lastModified) {
    if (blamed) await this.complain(address.url, unchangedAlthoughListed(address.serialNumber));
    const current = this.now(address);
    if (current) await this.phone.put({ ...current, lastModified, fetchedAheadOfList: false });
    this.phone.report({ event: "unchanged", serialNumber: address.serialNumber });
  }

  async show(older, newer) {
    const { serialNumber, card } = newer.content;
    await this.phone.put(newer);
    const line = lockScreenLine(older.content, newer.content, this.phone.state.language);
    if (line && newer.notifications) {
      this.phone.report({ event: "notified", serialNumber, title: card.organizationName, text: line.text, generic: line.generic });
    }
    this.phone.report({ event: "updated", serialNumber, changes: compare(older.content, newer.content) });
  }

  /** Tells the log endpoint. A log endpoint that is wrong itself is an event, not another complaint. */
  async complain(url, text) {
    this.phone.report({ event: "complained", text });
    try {
      const status = await log(url, text);
      if (status !== 200) this.phone.report({ event: "failed", text: `the log endpoint answered ${status}, not 200` });
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.phone.report({ event: "failed", text: `the complaint could not be sent: ${error.message}` });
    }
  }
}
