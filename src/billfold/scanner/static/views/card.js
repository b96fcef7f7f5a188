// A card: whose it is, what is on it, and what can be done with it now.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";

import { written } from "../amounts.js";
import { titleOf, worded } from "../outcome.js";
import { Heading, Trouble } from "./parts.js";
import { Steps } from "./steps.js";

const STATES = { active: "good", redeemed: "plain", expired: "bad", blocked: "bad" };

/** A card that was looked up has other steps than one that was not: what was typed before is not carried over. */
export function Card({ till }) {
  const { card } = till;
  return html`<section class="screen card-screen">
    ${card ? html`<${Face} card=${card} />` : html`<${Unknown} till=${till} />`}
    <${Trouble} text=${till.trouble} />
    ${!till.busy && till.unconfirmed.length > 0 && html`<p class="note warn" role="alert">${say("card.unconfirmed", { what: till.unconfirmed.map(titleOf).join(", ") })}</p>`}
    ${card?.usable ? html`<${Unusable} till=${till} card=${card} />` : html`<${Steps} till=${till} key=${`${till.code} ${Boolean(card)}`} />`}
  </section>`;
}

function Face({ card }) {
  const { brand, member, balances, stamps_goal: goal } = card;
  const stamps = balances.find((one) => one.unit === "stamps")?.minor ?? 0;
  return html`<div class="face">
    <div class="row apart">
      <${Heading}>${card.title}<//>
      <span class=${`badge ${STATES[card.status] ?? ""}`}>${worded(`status.${card.status}`, card.status)}</span>
    </div>
    <p>${member?.name ?? say("card.nobody")}${brand ? ` · ${brand.name}` : ""}</p>
    <ul class="balances">
      ${balances.filter((one) => one.unit !== "stamps").map((one) => html`<li class="figure">${written(one.minor, one.unit)}</li>`)}
    </ul>
    ${goal && html`<${Stamps} has=${stamps} goal=${goal} />`}
    ${card.expires_at && html`<p class="quiet small">${say("card.expires", { date: new Date(card.expires_at).toLocaleDateString(document.documentElement.lang || "en") })}</p>`}
    ${card.allowed_products?.length > 0 && html`<p class="quiet small">${say("outcome.allowed", { names: card.allowed_products.join(", ") })}</p>`}
  </div>`;
}

function Stamps({ has, goal }) {
  const dots = goal <= 20 && html`<span class="dots" aria-hidden="true">${Array.from({ length: goal }, (_, at) => html`<i class=${at < has ? "on" : ""}></i>`)}</span>`;
  return html`<p class="stamps">${dots}<span>${say("card.stamps", { has, goal })}</span></p>`;
}

function Unknown({ till }) {
  return html`<div class="face">
    <${Heading}>${say("card.offline")}<//>
    <p class="code-text">${till.code.length > 40 ? `${till.code.slice(0, 40)}…` : till.code}</p>
    ${till.online ? html`<p><button type="button" class="button" disabled=${till.busy} onClick=${till.lookUp}>${say("card.look_up")}</button></p>` : html`<p>${say("card.offline_text")}</p>`}
  </div>`;
}

function Unusable({ till, card }) {
  return html`<div class="stack">
    <p class="note bad" role="alert">${worded(`reason.${card.usable}`, card.usable)}</p>
    <button type="button" class="button primary tall" onClick=${till.next}>${say("next")}</button>
  </div>`;
}

/** Several cards share the code. */
export function Choose({ till }) {
  return html`<section class="screen stack">
    <${Heading}>${say("card.choose")}<//>
    <ul class="rows">
      ${till.cards.map(
        (one) => html`<li><button type="button" class="button tall wide" onClick=${() => till.choose(one)}>${one.title}${one.member ? ` · ${one.member.name}` : ""}</button></li>`,
      )}
    </ul>
    <button type="button" class="button tall" onClick=${till.next}>${say("cancel")}</button>
  </section>`;
}
