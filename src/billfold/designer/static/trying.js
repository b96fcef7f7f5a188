// The design on the phones beside it: real clients of this server, which are handed a pass of it and hear of each change as phones do.
// May not enter: what a phone does; how a sample is made (the server does).

import { ask } from "billfold/ask.js";
import { html, useRef, useState } from "billfold/html.js";
import { Later } from "billfold/later.js";
import { say } from "billfold/texts.js";
import { toast } from "billfold/toast.js";
import { HOME } from "./api.js";

const KINDS = ["iphone", "android"];

/** The sample that this tab was given: { serial, proof, share_url }. */
const remembered = (name) => JSON.parse(sessionStorage.getItem(name) ?? "null");

/** `settled`: a promise that the draft is saved. `phones`: { module, styles }. */
export function Trying({ templateId, published, values, settled, phones }) {
  const [open, setOpen] = useState(false);
  const [which, setWhich] = useState(published ? "published" : "draft");
  const [busy, setBusy] = useState(false);
  const [wanted, setWanted] = useState({ link: "", count: 0, kind: "" });
  const awake = useRef(false); // from the first opening on: phones that are folded away live on
  awake.current ||= open;
  const chosen = published ? which : "draft";
  const hand = async (kind) => {
    setBusy(true);
    try {
      if (chosen === "draft") await settled();
      const name = `sample ${templateId} ${chosen}`;
      const { serial: earlier = "", proof = "" } = remembered(name) ?? {};
      const given = await ask("POST", `${HOME}/designs/${templateId}/sample`, { which: chosen, values, earlier, proof });
      sessionStorage.setItem(name, JSON.stringify(given));
      setWanted(({ count }) => ({ link: given.share_url, count: count + 1, kind }));
      toast(say(given.again ? "try_changed" : "try_made"), "good");
    } catch (error) {
      toast(error.message, "bad");
    } finally {
      setBusy(false);
    }
  };
  return html`<details class="panel trying" open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${say("try_title")}</summary>
    ${
      awake.current &&
      html`<div class="stack">
        <p class="hint quiet small">${say("try_hint")}</p>
        ${
          published > 0 &&
          html`<div class="choice" role="group" aria-label=${say("try_which")}>
            ${["published", "draft"].map((one) => html`<button type="button" key=${one} class="button small" aria-pressed=${String(one === chosen)} onClick=${() => setWhich(one)}>${say(`try_${one}`)}</button>`)}
          </div>`
        }
        <p class="quiet small">${say(`try_${chosen}_hint`)}</p>
        <div class="row">
          ${KINDS.map((kind) => html`<button type="button" key=${kind} class="button" disabled=${busy} onClick=${() => hand(kind)}>${say(`try_on_${kind}`)}</button>`)}
        </div>
        <${Later} module=${phones.module} name="PhonesPanel" styles=${phones.styles} wanted=${wanted} failed=${(error) => toast(error.message, "bad")} />
      </div>`
    }
  </details>`;
}
