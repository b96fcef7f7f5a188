// The wallet of a phone: the stack of passes, and one pass with its front, its back, and what the user can do with it.
// May not enter: protocols; the frame around the screen.

import { html, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { AppleCard } from "./apple_card.js";
import { GoogleCard } from "./google_card.js";

const PULL_PIXELS = 70;

export const idOf = (pass) => pass.objectId ?? `${pass.content.passTypeIdentifier}/${pass.content.serialNumber}`;
export const cardOf = (pass) => (pass.content ?? pass).card;

export function Wallet({ phone, openId, open }) {
  const chosen = phone.passes.find((one) => idOf(one) === openId);
  if (chosen) return html`<${Opened} phone=${phone} pass=${chosen} close=${() => open(null)} />`;
  if (!phone.passes.length) {
    return html`<div class="content no-passes"><p><strong>${say("wallet_empty")}</strong></p><p>${say("wallet_empty_how")}</p></div>`;
  }
  return html`<ol class="content stack-of" aria-label=${say("passes")}>
    ${phone.passes.map(
      (pass) => html`<li key=${idOf(pass)}>
        <button type="button" class="peek" onClick=${() => open(idOf(pass))}>
          <span class="unseen">${say("open_pass", { pass: cardOf(pass).description })}</span>
          <${Front} pass=${pass} />
        </button>
      </li>`,
    )}
  </ol>`;
}

const Front = ({ pass }) =>
  pass.content ? html`<${AppleCard} card=${pass.content.card} />` : html`<${GoogleCard} pass=${pass} />`;

function Opened({ phone, pass, close }) {
  const [back, setBack] = useState(false);
  const face = usePull(() => phone.refresh(pass));
  return html`<div class="content opened">
    <nav class="bar">
      <button type="button" class="bare" onClick=${close}>${say("back_to_wallet")}</button>
      <button type="button" class="bare" onClick=${() => setBack(!back)}>${say(back ? "show_front" : "show_back")}</button>
    </nav>
    <div class="face" ref=${face}>
      ${back ? html`<${Back} phone=${phone} pass=${pass} close=${close} />` : html`<${Front} pass=${pass} />`}
    </div>
  </div>`;
}

/** Pull to refresh: a finger or mouse that draws the pass down. The button beside it does the same. */
function usePull(refresh) {
  const ref = useRef(null);
  const act = useRef(refresh);
  act.current = refresh;
  useEffect(() => {
    const face = ref.current;
    let start = null;
    const down = (event) => {
      start = face.scrollTop === 0 && !event.target.closest("button, input, a") ? event.clientY : null;
    };
    const move = (event) => {
      if (start === null) return;
      face.style.translate = `0 ${Math.max(0, Math.min(event.clientY - start, PULL_PIXELS * 1.3))}px`;
    };
    const up = (event) => {
      if (start !== null && event.clientY - start > PULL_PIXELS) act.current();
      start = null;
      face.style.translate = "";
    };
    const all = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, pointerleave: up };
    for (const [name, listener] of Object.entries(all)) face.addEventListener(name, listener);
    return () => Object.entries(all).forEach(([name, listener]) => face.removeEventListener(name, listener));
  }, []);
  return ref;
}

function Back({ phone, pass, close }) {
  const [asked, setAsked] = useState(false);
  const remove = async () => {
    await phone.remove(pass);
    close();
  };
  const card = cardOf(pass);
  const fields = card.fields.filter(
    (one) => ["back", "additionalInfo"].includes(one.group) || (card.wallet === "google" && one.group !== "primary"),
  );
  const notifies = pass.content ? pass.notifications : phone.notifies(pass);
  return html`<div class="back" lang=${card.language}>
    <h3>${card.organizationName}</h3>
    <${Switch} label=${say("notifications")} on=${notifies} change=${(on) => phone.setNotifications(pass, on)} />
    ${
      pass.content?.webService &&
      html`<${Switch}
      label=${say("automatic_updates")}
      on=${pass.automaticUpdates}
      change=${(on) => phone.setAutomaticUpdates(pass, on)}
    />`
    }
    <div class="pass-actions">
      <button type="button" onClick=${() => phone.refresh(pass)}>${say("refresh")}</button>
      ${
        asked
          ? html`<button type="button" class="warning" onClick=${remove}>${say("remove_sure")}</button>`
          : html`<button type="button" onClick=${() => setAsked(true)}>${say("remove")}</button>`
      }
    </div>
    ${(pass.messages ?? []).map((one) => html`<p class="message" key=${one.id + one.text}>${one.text}</p>`)}
    <dl>${fields.map((one) => html`<div key=${one.key}><dt>${one.label}</dt><dd>${one.value}</dd></div>`)}</dl>
    <p class="fine">${pass.objectId ?? pass.content.serialNumber}</p>
    ${pass.opened && html`<p class="fine">${say("signed_by", { signer: pass.opened.signer.passTypeIdentifier })}</p>`}
  </div>`;
}

export const Switch = ({ label, on, change }) =>
  html`<label class="switch">
    <span>${label}</span>
    <input type="checkbox" role="switch" checked=${on} onChange=${(event) => change(event.target.checked)} />
  </label>`;
