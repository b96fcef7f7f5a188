// What this terminal is, the gate mode, and the way out.

import { html, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";

import { written } from "../amounts.js";
import { used } from "../offline.js";
import { Back, Heading, Trouble } from "./parts.js";

const GATES = ["", "check_in", "redeem", "stamp"];

export function Settings({ till }) {
  const { session } = till;
  const [sure, setSure] = useState(false);
  const open = till.waiting.length > 0;
  return html`<section class="screen stack">
    <${Heading}>${say("settings.title")}<//>
    <${Trouble} text=${till.trouble} />
    <dl class="facts">
      <dt>${say("settings.terminal")}</dt><dd>${session.terminal?.name}</dd>
      <dt>${say("settings.place")}</dt><dd>${session.terminal?.place || "–"}</dd>
      <dt>${say("settings.organization")}</dt><dd>${session.organization_name}</dd>
      <dt>${say("settings.synced")}</dt><dd>${session.synced_at ? new Date(session.synced_at).toLocaleString(document.documentElement.lang || "en") : "–"}</dd>
      <dt>${say("settings.left")}</dt><dd>${left(session.offline, till.operations)}</dd>
    </dl>
    <fieldset class="field">
      <legend>${say("gate.title")}</legend>
      ${GATES.map(
        (one) => html`<label class="check"><input type="radio" name="gate" checked=${(session.gate ?? "") === one} onChange=${() => till.setGate(one)} /><span>${say(`gate.${one || "off"}`)}</span></label>`,
      )}
    </fieldset>
    <div class="row">
      <${Back} till=${till} />
      <button type="button" class="button" disabled=${till.busy} onClick=${till.tryNow}>${say("settings.sync")}</button>
      ${session.terminal?.pin && html`<button type="button" class="button" onClick=${() => till.lock()}>${say("settings.lock")}</button>`}
    </div>
    ${open && html`<p class="note warn">${say("settings.open")}</p>`}
    <button type="button" class="button danger" disabled=${open} onClick=${() => (sure ? till.signOut() : setSure(true))}>${sure ? say("settings.sign_out_sure") : say("settings.sign_out")}</button>
  </section>`;
}

function left(offline, operations) {
  if (!offline?.grant) return say("settings.nothing_left");
  const spent = used(offline.grant, operations);
  const money = Object.entries(offline.amount_minor ?? {}).map(([unit, most]) => written(most - (spent.amount_minor[unit] ?? 0), unit));
  return [say("settings.left_scans", { count: offline.count - spent.count }), ...money].join(" · ");
}
