// The page around the phones: the demo's buttons, links and files for a phone, new phones, the plan. May not enter: what a phone does.

import { Refused, ask } from "billfold/ask.js";
import { html, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { toast } from "billfold/toast.js";
import { useChanges } from "./hooks.js";
import { Phone, nameOf } from "./phone.js";
import { Plan } from "./plan.js";

export function App({ shelf, home, withDemo }) {
  useChanges(shelf);
  return html`<div class="stack loose">
    ${
      home !== location.origin &&
      html`<p class="note warn">${say("other_address")} <a href=${`${home}/phones`}>${home}/phones</a></p>`
    }
    <div class="tools">
      ${withDemo && html`<${DemoCard} shelf=${shelf} />`}
      <${AddPass} shelf=${shelf} />
    </div>
    <div class="phones">
      ${shelf.phones.map((phone) => html`<${Phone} key=${phone.state.id} phone=${phone} shelf=${shelf} />`)}
    </div>
    <div class="row">
      <button type="button" class="button" onClick=${() => shelf.make("iphone")}>${say("another_iphone")}</button>
      <button type="button" class="button" onClick=${() => shelf.make("android")}>${say("another_android")}</button>
    </div>
    <${Plan} key=${shelf.phones.map((one) => one.state.id).join()} phones=${shelf.phones} />
  </div>`;
}

/** The whole loop in two clicks. The server makes and changes the card; the phones hear of it as phones do. */
function DemoCard({ shelf }) {
  const [serial, setSerial] = useState(() => sessionStorage.getItem("demo card"));
  const [busy, setBusy] = useState(false);
  const press = async (act) => {
    setBusy(true);
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message, "bad");
    } finally {
      setBusy(false);
    }
  };
  const make = () =>
    press(async () => {
      const card = await ask("POST", "/phones/demo/cards");
      sessionStorage.setItem("demo card", card.serial);
      setSerial(card.serial);
      await Promise.all(shelf.phones.map((phone) => phone.add(card.shareUrl)));
    });
  const change = () =>
    press(async () => {
      const { notified } = await ask("POST", `/phones/demo/cards/${encodeURIComponent(serial)}/change`);
      toast(say("changed", { count: notified }), "good");
    });
  return html`<section class="panel" aria-label=${say("demo")}>
    <h2>${say("demo")}</h2>
    <p class="quiet">${say("demo_how")}</p>
    <div class="row">
      <button type="button" class="button primary" disabled=${busy} onClick=${make}>${say("make_card")}</button>
      <button type="button" class="button" disabled=${busy || !serial} onClick=${change}>${say("change_card")}</button>
    </div>
  </section>`;
}

function AddPass({ shelf }) {
  const [link, setLink] = useState("");
  const add = (phone) => (event) => {
    event.preventDefault();
    if (link.trim()) phone.add(link.trim());
  };
  const addFile = async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    const phone = shelf.phones.find((one) => one.state.kind === "iphone");
    if (file && phone) await phone.addFile(new Uint8Array(await file.arrayBuffer()));
  };
  return html`<section class="panel" aria-label=${say("add_pass")}>
    <h2>${say("add_pass")}</h2>
    <form class="stack" onSubmit=${add(shelf.phones[0])}>
      <div class="field">
        <label for="link">${say("share_link")}</label>
        <input
          id="link"
          type="url"
          inputmode="url"
          autocomplete="off"
          placeholder=${`${location.origin}/p/…`}
          value=${link}
          onInput=${(event) => setLink(event.target.value)}
        />
      </div>
      <div class="row">
        ${shelf.phones.map(
          (phone) => html`<button type="button" class="button" key=${phone.state.id} onClick=${add(phone)}>
            ${say("open_on", { phone: nameOf(phone) })}
          </button>`,
        )}
      </div>
      <div class="field">
        <label for="file">${say("open_file")}</label>
        <input id="file" type="file" accept=".pkpass,application/vnd.apple.pkpass" onChange=${addFile} />
      </div>
    </form>
  </section>`;
}
