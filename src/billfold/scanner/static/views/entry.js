// Before and after the work: the terminal's code, its PIN, and the end where the server no longer takes it.

import { html, useEffect, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";

import { Heading, Trouble } from "./parts.js";

/** The code in what a reader read or a link brought after its #, where no server sees it: "https://…/scan#code=ABCD-EFGH-JKLM". */
const codeIn = (text) => /^(?:[^#]*#code=)?([A-Za-z0-9-]{4,40})$/.exec(text)?.[1] ?? "";

function broughtCode() {
  const code = location.hash && codeIn(location.hash);
  if (code) history.replaceState(null, "", location.pathname);
  return code;
}

export function Enrol({ till }) {
  const [code, setCode] = useState(broughtCode);
  useEffect(() => {
    till.heard = (text) => setCode(codeIn(text));
    return () => (till.heard = null);
  }, []);
  const submit = (event) => {
    event.preventDefault();
    till.enrol(code);
  };
  return html`<form class="screen stack entry" onSubmit=${submit}>
    <${Heading}>${say("enrol.title")}<//>
    <p>${say("enrol.text")}</p>
    <div class="field">
      <label for="code">${say("enrol.code")}</label>
      <input id="code" class="large" value=${code} onInput=${(event) => setCode(event.target.value)} autocomplete="off" autocapitalize="characters" spellcheck=${false} required maxlength="40" />
    </div>
    <${Trouble} text=${till.trouble} />
    <button class="button primary tall" disabled=${till.busy}>${say("enrol.button")}</button>
  </form>`;
}

export function Locked({ till }) {
  const [pin, setPin] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    await till.unlock(pin);
    setPin("");
  };
  return html`<form class="screen stack entry" onSubmit=${submit}>
    <${Heading}>${say("pin.title")}<//>
    <div class="field">
      <label for="pin">${say("pin.label")}</label>
      <input id="pin" class="large" type="password" inputmode="numeric" autocomplete="off" value=${pin} onInput=${(event) => setPin(event.target.value)} required maxlength="12" />
    </div>
    <${Trouble} text=${till.trouble} />
    <button class="button primary tall" disabled=${till.busy}>${say("pin.button")}</button>
  </form>`;
}

export function Ended({ till }) {
  const waiting = till.waiting.length;
  return html`<section class="screen stack entry">
    <${Heading}>${say("ended.title")}<//>
    <p>${say("ended.text")}</p>
    ${waiting > 0 && html`<p class="note warn">${say("ended.waiting", { count: waiting })}</p>`}
    <${Trouble} text=${till.trouble} />
    <button type="button" class="button tall" disabled=${till.busy} onClick=${till.tryNow}>${say("ended.again")}</button>
    <button type="button" class="button tall" onClick=${() => till.open("history")}>${say("history.title")}</button>
    <button type="button" class="button danger tall" disabled=${waiting > 0} onClick=${() => till.signOut()}>${say("settings.sign_out")}</button>
  </section>`;
}
