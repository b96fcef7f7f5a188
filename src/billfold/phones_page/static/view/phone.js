// One phone as a component: <Phone phone=... shelf=... />. It needs a phone of the shelf and nothing of the page around it, so that it
// can stand anywhere, beside the Designer too (panel.js). May not enter: the demo, the plan, other phones.

import { html, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { useChanges } from "./hooks.js";
import { Journal } from "./journal.js";
import { LockScreen, Notice } from "./lock_screen.js";
import { SignUp } from "./sign_up.js";
import { Wallet } from "./wallet.js";

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", es: "Español", it: "Italiano", nl: "Nederlands" };

export const nameOf = (phone) => say(phone.state.kind, { number: phone.state.number });

export function Phone({ phone, shelf }) {
  useChanges(phone);
  const [screen, setScreen] = useState("wallet");
  const [openId, setOpenId] = useState(null);
  const [seen, setSeen] = useState(null);
  const name = nameOf(phone);
  const open = (id) => {
    setOpenId(id);
    setScreen("wallet");
  };
  const show = (one) => {
    if (one === screen) setOpenId(null); // the wallet's button leads out of a pass as well
    setScreen(one);
  };
  const newest = phone.notices[0];
  const refused = phone.journal.findLast((one) => one.event === "refused" || (one.event === "failed" && one.givesUp));
  return html`<section class=${`phone ${phone.state.kind}`} aria-label=${name} aria-busy=${Boolean(phone.busy && !phone.form)}>
    <div class="device">
      <div class="status"><span>${name}</span><span>${phone.state.online ? say("online") : say("in_flight_mode")}</span></div>
      <div class=${`screen ${screen}`}>
        ${
          screen === "lock"
            ? html`<${LockScreen} phone=${phone} open=${open} />`
            : html`<${Wallet} phone=${phone} openId=${openId} open=${setOpenId} />`
        }
        ${screen === "wallet" && newest && html`<div class="banner"><${Notice} phone=${phone} notice=${newest} open=${open} /></div>`}
        ${
          refused &&
          refused.number !== seen &&
          html`<div class="refusal" role="alert">
          <p>${refused.text}</p>
          <button type="button" onClick=${() => setSeen(refused.number)}>${say("ok")}</button>
        </div>`
        }
        ${phone.form && html`<${SignUp} form=${phone.form} name=${name} />`}
        ${phone.busy && !phone.form && html`<p class="busy" role="status">${say(phone.busy)}</p>`}
      </div>
      <div class="home" role="group" aria-label=${say("screens")}>
        ${["wallet", "lock"].map(
          (one) => html`<button type="button" key=${one} aria-pressed=${screen === one} onClick=${() => show(one)}>
            ${say(`screen_${one}`)}
          </button>`,
        )}
      </div>
    </div>
    <${Controls} phone=${phone} shelf=${shelf} name=${name} />
    <details open><summary>${say("journal")}</summary><${Journal} phone=${phone} name=${name} /></details>
  </section>`;
}

function Controls({ phone, shelf, name }) {
  const [asked, setAsked] = useState(false);
  return html`<div class="controls" role="group" aria-label=${say("controls_of", { phone: name })}>
    <label class="check">
      <input type="checkbox" role="switch" checked=${!phone.state.online} onChange=${(event) => phone.setOnline(!event.target.checked)} />
      ${say("flight_mode")}
    </label>
    <label class="language">${say("language")} <select onChange=${(event) => phone.speak(event.target.value)}>
      ${Object.entries(LANGUAGES).map(
        ([tag, words]) => html`<option key=${tag} value=${tag} selected=${tag === phone.state.language}>${words}</option>`,
      )}
    </select></label>
    <div class="row">
      <button type="button" class="button small" onClick=${() => shelf.replace(phone)}>${say("new_phone")}</button>
      ${
        asked
          ? html`<button type="button" class="button small danger" onClick=${() => shelf.throwAway(phone)}>
              ${say("throw_away_sure")}
            </button>`
          : html`<button type="button" class="button small" onClick=${() => setAsked(true)}>${say("throw_away")}</button>`
      }
    </div>
  </div>`;
}
