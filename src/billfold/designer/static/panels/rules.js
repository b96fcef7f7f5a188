// Expiry, dates and what a holder may do. May not enter: what is shown.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { withContent } from "../design.js";
import { about } from "../findings.js";
import { Choice, NumberField, Switch, TextField } from "../widgets.js";

export function Rules({ design, change, findings }) {
  const { content } = design;
  const way = content.expires_in_days !== undefined ? "days" : content.expires_at ? "date" : design.bindings?.expires_at ? "value" : "";
  const bindings = ({ expires_at: _gone, ...rest }) => rest;
  const choose = (to) => {
    const plain = { ...withContent(design, { expires_in_days: undefined, expires_at: undefined }), bindings: bindings(design.bindings ?? {}) };
    if (to === "days") return change(withContent(plain, { expires_in_days: 365 }));
    if (to === "date") return change(withContent(plain, { expires_at: `${new Date().getFullYear() + 1}-12-31T23:59:59Z` }));
    if (to === "value") return change({ ...plain, bindings: { ...plain.bindings, expires_at: "{{ expires_at }}" } });
    return change(plain);
  };
  return html`<div class="stack">
    <${Choice} name="expiry" label=${say("expiry")} hint=${say("expiry_hint")} value=${way} options=${[["", say("expiry_never")], ["days", say("expiry_days")], ["date", say("expiry_date")], ["value", say("expiry_value")]]} findings=${[...about(findings, "expires_at"), ...about(findings, "bindings")]} onChange=${choose} />
    ${way === "days" && html`<${NumberField} label=${say("days")} value=${content.expires_in_days} least=${1} most=${36500} findings=${about(findings, "expires_in_days")} onInput=${(days) => change(withContent(design, { expires_in_days: days ?? 1 }), "expires_in_days")} />`}
    ${way === "date" && html`<div class="field"><label for="expires-at">${say("last_day")}</label><input id="expires-at" type="date" value=${content.expires_at.slice(0, 10)} onChange=${(event) => event.target.value && change(withContent(design, { expires_at: `${event.target.value}T23:59:59Z` }), "expires_at")} /></div>`}
    ${way === "value" && html`<${TextField} label=${say("expression")} hint=${say("expression_hint")} value=${design.bindings.expires_at} maxlength=${400} findings=${about(findings, "bindings")} onInput=${(text) => change({ ...design, bindings: { ...design.bindings, expires_at: text } }, "bindings.expires_at")} />`}
    <${Switch} label=${say("sharing_prohibited")} hint=${say("sharing_hint")} checked=${content.sharing_prohibited !== false} onChange=${(on) => change(withContent(design, { sharing_prohibited: on }))} />
    <${Choice} label=${say("missing")} hint=${say("missing_hint")} value=${design.missing} options=${[["empty", say("missing_empty")], ["error", say("missing_error")]]} onChange=${(missing) => change({ ...design, missing })} />
    ${["boarding_pass", "event_ticket"].includes(content.style) && html`<${TextField} label=${say("grouping")} hint=${say("grouping_hint")} value=${content.grouping} maxlength=${200} findings=${about(findings, "grouping")} onInput=${(grouping) => change(withContent(design, { grouping }), "grouping")} />`}
  </div>`;
}
