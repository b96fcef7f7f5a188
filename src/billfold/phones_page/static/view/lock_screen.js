// The lock screen: the time, change messages, and passes that are wanted here and now. May not enter: what made them.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { relevance } from "../nearby.js";
import { own } from "./google_card.js";
import { useNow, usePicture } from "./hooks.js";
import { cardOf, idOf } from "./wallet.js";

export function LockScreen({ phone, open }) {
  const now = useNow(10);
  const { language, place } = phone.state;
  const nearby = phone.passes.map((pass) => ({ pass, relevance: relevance(pass, place, now) })).filter((one) => one.relevance);
  return html`<div class="content">
    <p class="clock">${new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(now)}</p>
    <p class="date">${new Intl.DateTimeFormat(language, { weekday: "long", month: "long", day: "numeric" }).format(now)}</p>
    <ul class="notices" aria-label=${say("lock_screen")}>
      ${phone.notices.map((one) => html`<li key=${one.id}><${Notice} phone=${phone} notice=${one} open=${open} /></li>`)}
      ${nearby.map(
        ({ pass, relevance: { text } }) => html`<li key=${`near ${idOf(pass)}`}>
          <button type="button" class="notice nearby" onClick=${() => open(idOf(pass))}>
            <${Icon} pass=${pass} /><span><strong>${cardOf(pass).organizationName}</strong><br />${text || say("nearby")}</span>
          </button>
        </li>`,
      )}
    </ul>
    ${!phone.notices.length && !nearby.length && html`<p class="date">${say("no_notices")}</p>`}
  </div>`;
}

export function Notice({ phone, notice, open }) {
  const pass = phone.passes.find((one) => (one.objectId ?? one.content.serialNumber) === notice.serialNumber);
  return html`<div class="notice">
    <button type="button" class="body" onClick=${() => pass && open(idOf(pass))}>
      <${Icon} pass=${pass} /><span><strong>${notice.title}</strong><br /><span class="line">${notice.text}</span></span>
    </button>
    <button type="button" class="dismiss" aria-label=${say("dismiss")} onClick=${() => phone.dismiss(notice.id)}>×</button>
  </div>`;
}

function Icon({ pass }) {
  const bytes = usePicture(pass?.content?.card.images.icon);
  const address = bytes ?? own(pass?.card?.pictures.logo);
  return address ? html`<img class="icon" src=${address} alt="" />` : html`<span class="icon" aria-hidden="true"></span>`;
}
