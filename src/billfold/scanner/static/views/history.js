// The last ten operations of this device, each with its undo, and what a person must look at.

import { html, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";

import { outcomeOf, titleOf } from "../outcome.js";
import { canUndo } from "./outcome.js";
import { Back, Heading, Trouble } from "./parts.js";

const BADGES = { yes: "good", no: "bad", look: "warn" };

export function History({ till }) {
  const [asked, setAsked] = useState("");
  const undo = (one) => {
    if (asked !== one.id) return setAsked(one.id);
    setAsked("");
    return till.undo(one);
  };
  return html`<section class="screen stack">
    <${Heading}>${say("history.title")}<//>
    <${Trouble} text=${till.trouble} />
    ${till.attention.length > 0 &&
    html`<section class="note warn stack" aria-labelledby="attention">
      <h2 id="attention">${say("history.attention")}</h2>
      <p>${say("history.attention_text")}</p>
      <ul class="rows">${till.attention.map((one) => html`<${Row} key=${one.id} one=${one}><button type="button" class="button small" onClick=${() => till.seen(one)}>${say("history.seen")}</button><//>`)}</ul>
    </section>`}
    ${till.recent.length === 0 && html`<p class="quiet">${say("history.none")}</p>`}
    <ul class="rows" aria-label=${say("history.last")}>
      ${till.recent.map(
        (one) => html`<${Row} key=${one.id} one=${one}>
          ${canUndo(one) && html`<button type="button" class=${`button small ${asked === one.id ? "danger" : ""}`} disabled=${till.busy} onClick=${() => undo(one)}>${asked === one.id ? say("undo_sure") : say("undo")}</button>`}
        <//>`,
      )}
    </ul>
    <${Back} till=${till} />
  </section>`;
}

function Row({ one, children }) {
  const { tone, title, text } = outcomeOf(one);
  const at = new Date(one.made_at).toLocaleTimeString(document.documentElement.lang || "en", { hour: "2-digit", minute: "2-digit" });
  return html`<li data-operation=${one.id}>
    <div>
      <strong>${titleOf(one)}</strong> <span class=${`badge ${BADGES[tone]}`}>${title}</span>
      <p class="quiet small">${at} · ${one.title || one.known_pass || one.scanned}${tone === "yes" ? "" : ` · ${text}`}</p>
    </div>
    ${children}
  </li>`;
}
