// What is done with the card: which step, how much (keypad or product), an explanation beforehand, and the one button that does it.

import { html, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";

import { decimal, isMoney, press, written } from "../amounts.js";
import { balancesOf, changesOf, taxOf, titleOf, worded } from "../outcome.js";
import { choicesFor, obvious, stepsFor, tilesFor } from "../steps.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "0", "back"];
const nameOf = (step) => (step.unit === "points" && step.action === "charge" ? say("action.spend") : say(`action.${step.action}`));

export function Steps({ till }) {
  const steps = stepsFor(till.card, till.session.programmes);
  const [at, setAt] = useState(0);
  const [amount, setAmount] = useState(0);
  const [product, setProduct] = useState(null);
  const [description, setDescription] = useState("");
  const step = steps[at];
  if (!step) return html`<p class="note">${say(till.card || till.session.synced_at ? "card.nothing" : "card.never_asked")}</p><button type="button" class="button primary tall" onClick=${till.next}>${say("next")}</button>`;

  const { products, terminal } = till.session;
  const choices = choicesFor(step, { products, terminal, card: till.card });
  const meant = product ?? obvious(choices);
  const change = (next) => (setAmount(next), choices.length || setProduct(null), (till.explained = null));
  const choose = (one) => (one.price && setAmount(one.price), setProduct(one), (till.explained = null));
  const go = (next) => (setAt(next), setAmount(0), setProduct(null), (till.explained = null));
  const amounts = step.typed ? { [step.unit]: amount } : step.unit ? { [step.unit]: 1 } : undefined;
  const wanted = { action: step.action, amounts, product_id: meant?.id, description: description.trim() || undefined };
  const ready = !till.busy && !(step.typed && amount === 0) && !(choices.length && !meant);
  return html`
    ${steps.length > 1 && html`<${Picker} steps=${steps} at=${at} go=${go} />`}
    ${step.action === "charge" && html`<${Products} tiles=${tilesFor(step.unit, { products, terminal, card: till.card })} unit=${step.unit} chosen=${product} choose=${choose} />`}
    ${choices.length > 0 && html`<${Choices} choices=${choices} chosen=${meant} choose=${choose} />`}
    ${step.typed && html`<${Amount} unit=${step.unit} amount=${amount} change=${change} />`}
    ${step.typed && html`<${Note} value=${description} set=${setDescription} />`}
    <${Explained} explained=${till.explained} />
    <div class="foot">
      <button type="button" class="button tall" onClick=${till.next}>${say("cancel")}</button>
      ${till.online && html`<button type="button" class="button tall" disabled=${!ready} onClick=${() => till.explain(wanted)}>${say("explain")}</button>`}
      <button type="button" class="button primary tall do" disabled=${!ready} onClick=${() => till.execute(wanted)}>${titleOf(wanted)}</button>
    </div>
  `;
}

function Picker({ steps, at, go }) {
  return html`<fieldset class="picker">
    <legend class="unseen">${say("card.what")}</legend>
    ${steps.map(
      (step, number) => html`<label class=${number === at ? "on" : ""}><input type="radio" name="step" checked=${number === at} onChange=${() => go(number)} />${nameOf(step)}</label>`,
    )}
  </fieldset>`;
}

/** Digits come in from the right, by the keypad or a keyboard. */
function Amount({ unit, amount, change }) {
  const name = isMoney(unit) ? unit : say(`unit.${unit}.other`);
  const typed = (event) => {
    const digits = event.target.value.replace(/\D/g, "").slice(-13);
    const next = press(0, digits || "0");
    event.target.value = decimal(next, unit); // a letter leaves no trace
    change(next);
  };
  return html`<div class="amount">
    <label for="amount">${name}</label>
    <input id="amount" inputmode="none" autocomplete="off" value=${decimal(amount, unit)} onInput=${typed} />
    <div class="keys" role="group" aria-label=${say("keypad")}>
      ${KEYS.map(
        (key) => html`<button type="button" class="button" aria-label=${key === "back" ? say("key_back") : undefined} onClick=${() => change(press(amount, key))}>${key === "back" ? "⌫" : key}</button>`,
      )}
    </div>
  </div>`;
}

function Products({ tiles, unit, chosen, choose }) {
  if (!tiles.length) return null;
  return html`<div class="products" role="group" aria-label=${say("products")}>
    ${tiles.map(
      (one) => html`<button type="button" class="button" aria-pressed=${chosen?.id === one.id} onClick=${() => choose(one)}><span>${one.name}</span><span class="quiet">${written(one.price, unit)}</span></button>`,
    )}
  </div>`;
}

/** Of a card that takes certain products only: which one it is for. */
export function Choices({ choices, chosen, choose, disabled = false }) {
  return html`<fieldset class="choices">
    <legend>${say("card.which")}</legend>
    ${choices.map(
      (one) => html`<button type="button" class="button tall" aria-pressed=${chosen === undefined ? undefined : chosen?.id === one.id} disabled=${disabled} onClick=${() => choose(one)}>${one.name}</button>`,
    )}
  </fieldset>`;
}

const Note = ({ value, set }) => html`<details class="remark">
  <summary>${say("note")}</summary>
  <div class="field"><label class="unseen" for="note">${say("note")}</label><input id="note" maxlength="191" value=${value} onInput=${(event) => set(event.target.value)} /></div>
</details>`;

/** It comes above the buttons that stay in sight, so it is brought there itself. */
function Explained({ explained }) {
  const place = useRef(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [explained]);
  if (!explained) return null;
  const { scan, refused } = explained;
  if (refused) return html`<div ref=${place} class="note bad explained" role="status"><strong>${say("explained.refused")}</strong> ${refused.text}</div>`;
  const facts = [
    [say("explained.changes"), changesOf(scan)],
    [say("explained.after"), balancesOf(scan.card).join(" · ")],
    [say("explained.product"), scan.product && `${scan.product.name} (${worded(`resolved.${scan.resolved_by}`, scan.resolved_by)})`],
    [say("explained.text"), scan.description],
    [say("explained.vat"), scan.vat && (taxOf(scan) || `${scan.vat.rate_bp / 100} %`)],
    [say("explained.phone"), scan.phone_will_say.join(" · ")],
  ].filter(([, value]) => value);
  return html`<div ref=${place} class="note explained" role="status">
    <strong>${say("explained.title")}</strong>
    <dl class="facts small">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
  </div>`;
}
