// The outcome of a scan, large: a sign, a word, the new balances; then the next one.

import { html, useEffect, useRef } from "billfold/html.js";
import { say } from "billfold/texts.js";

import { taxOf } from "../outcome.js";
import { Choices } from "./steps.js";

const SIGNS = { yes: "M4 12.5l5.5 5.500L20 7", no: "M6 6l12 12M18 6L6 18", look: "M12 4v10M12 18.500v.5" };

/** The outcome itself, also below a gate's camera. A screen reader says it at once. What lacked a product gets it here. */
export function Told({ till }) {
  const { tone, title, text, balances, lacks = [] } = till.outcome;
  const choices = till.session.products.filter((one) => lacks.includes(one.name));
  return html`<div class=${`told ${tone}`} role=${tone === "yes" ? "status" : "alert"} data-tone=${tone}>
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${SIGNS[tone]} /></svg>
    <p class="verdict">${title}</p>
    <p class="what">${text}</p>
    ${balances.length > 0 && html`<ul class="balances" aria-label=${say("outcome.balances")}>${balances.map((one) => html`<li class="figure">${one}</li>`)}</ul>`}
  </div>
  ${choices.length > 0 && html`<${Choices} choices=${choices} choose=${till.forProduct} disabled=${till.busy} />`}`;
}

export function Outcome({ till }) {
  const { outcome } = till;
  const next = useRef(null);
  useEffect(() => next.current.focus(), []);
  const scan = outcome.operation?.answer?.scan;
  const says = scan?.phone_will_say ?? [];
  const tax = outcome.operation?.undo ? "" : taxOf(scan);
  return html`<section class="screen result">
    <h1 class="unseen">${say("outcome.heading")}</h1>
    <div class="whole"><${Told} till=${till} /></div>
    ${tax && html`<p class="quiet">${tax}</p>`}
    ${says.length > 0 && html`<p class="quiet">${say("outcome.phone")} ${says.join(" · ")}</p>`}
    <div class="foot">
      ${canUndo(outcome.operation) && html`<button type="button" class="button tall" disabled=${till.busy} onClick=${() => till.undo(outcome.operation)}>${say("undo")}</button>`}
      <button type="button" class="button primary tall" ref=${next} onClick=${till.next}>${say("next")}</button>
    </div>
  </section>`;
}

/** What was done, or may have been, and is not being undone yet. */
export function canUndo(operation) {
  if (!operation || operation.undo) return false;
  return operation.state === "waiting" || ["applied", "replayed", "flagged"].includes(operation.answer?.result);
}
