// The code that a scanner reads. May not enter: drawing it (the preview does).

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { withContent } from "../design.js";
import { about } from "../findings.js";
import { Choice, Switch, TextField } from "../widgets.js";
import { ValuePicker } from "./texts.js";

const FORMATS = ["QR", "Aztec", "PDF417", "Code128", "EAN13", "EAN8", "UPCA", "Code39", "Codabar", "ITF", "DataMatrix"];
const ON_IPHONES = ["QR", "Aztec", "PDF417", "Code128"];

export function Code({ design, change, findings }) {
  const code = design.content.barcode;
  const set = (name) => (value) => change(withContent(design, { barcode: { ...code, [name]: value || undefined } }), `barcode.${name}`);
  const toggle = (on) => change(withContent(design, { barcode: on ? { format: "QR", message: design.schema[0] ? `{{ ${design.schema[0].name} }}` : "0001" } : undefined }));
  return html`<div class="stack">
    <${Switch} label=${say("with_code")} checked=${Boolean(code)} onChange=${toggle} />
    ${code &&
    html`<${Choice} name="barcode_format" label=${say("code_format")} value=${code.format} options=${FORMATS.map((one) => [one, ON_IPHONES.includes(one) ? one : say("google_only", { format: one })])} findings=${about(findings, "barcode.format")} onChange=${set("format")} />
      <${TextField} name="barcode_message" label=${say("code_message")} hint=${say("code_message_hint")} value=${code.message} maxlength=${512} findings=${about(findings, "barcode.message")} onInput=${set("message")}>
        <${ValuePicker} schema=${design.schema} onPick=${(name) => set("message")(`${code.message ?? ""}{{ ${name} }}`)} />
      <//>
      <${TextField} label=${say("code_text")} hint=${say("code_text_hint")} value=${code.alt_text} maxlength=${200} findings=${about(findings, "barcode.alt_text")} onInput=${set("alt_text")} />`}
  </div>`;
}
