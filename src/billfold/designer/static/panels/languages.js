// The same pass in other languages: each text beside its translation. The holder's phone chooses. May not enter: translating.

import { html, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { fields, translatable, withContent } from "../design.js";
import { about } from "../findings.js";
import { Choice, TextField } from "../widgets.js";

const KNOWN = ["en", "de", "fr", "es", "it", "nl", "pt", "pl", "da", "sv", "nb", "fi", "cs", "tr", "el", "ar", "he", "ja", "ko", "zh-Hans", "zh-Hant"];
const nameOf = (code) => {
  try {
    return new Intl.DisplayNames([document.documentElement.lang || "en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
};

export function Languages({ design, change, findings }) {
  const { content } = design;
  const base = content.language ?? "en";
  const others = Object.keys(content.translations ?? {});
  const [open, setOpen] = useState(others[0] ?? "");
  const texts = Object.entries(translatable(content));
  const set = (language, path) => (text) => {
    const words = { ...(content.translations?.[language] ?? {}), [path]: text };
    if (text === "") delete words[path];
    change(withContent(design, { translations: { ...content.translations, [language]: words } }), `translations.${language}.${path}`);
  };
  const add = (language) => {
    if (!language || language === base) return;
    change(withContent(design, { language: base, translations: { ...(content.translations ?? {}), [language]: content.translations?.[language] ?? {} } }));
    setOpen(language);
  };
  const remove = (language) => {
    const { [language]: _gone, ...rest } = content.translations;
    change(withContent(design, { translations: rest }));
    setOpen(Object.keys(rest)[0] ?? "");
  };
  const free = KNOWN.filter((one) => one !== base && !others.includes(one));
  const words = content.translations?.[open];
  return html`<div class="stack">
    <${Choice} label=${say("base_language")} hint=${say("base_language_hint")} value=${base} options=${[...new Set([base, ...KNOWN])].filter((one) => !others.includes(one)).map((one) => [one, `${nameOf(one)} (${one})`])} findings=${about(findings, "language")} onChange=${(language) => change(withContent(design, { language }))} />
    <div class="row" role="group" aria-label=${say("translations")}>
      ${others.map((one) => html`<button type="button" class="button small" aria-pressed=${String(one === open)} onClick=${() => setOpen(one)}>${nameOf(one)} ${missing(texts, content.translations[one]) ? html`<span class="badge warn">${missing(texts, content.translations[one])}<span class="unseen"> ${say("untranslated")}</span></span>` : html`<span class="badge good">✓</span>`}</button>`)}
      <select class="button small" aria-label=${say("add_language")} value="" onChange=${(event) => { add(event.target.value); event.target.value = ""; }}>
        <option value="">${say("add_language")}</option>${free.map((one) => html`<option value=${one}>${nameOf(one)}</option>`)}
      </select>
    </div>
    ${words &&
    html`<div class="stack">
      ${texts.map(([path, text]) => html`<${TextField} key=${open + path} label=${labelOf(content, path)} hint=${text} value=${words[path]} rows=${text.length > 60 ? 3 : 1} findings=${about(findings, `translations.${open}.${path}`)} onInput=${set(open, path)} />`)}
      <div class="row"><button type="button" class="button small danger" onClick=${() => remove(open)}>${say("remove_language", { language: nameOf(open) })}</button></div>
    </div>`}
    ${others.length === 0 && html`<p class="quiet">${say("no_languages")}</p>`}
  </div>`;
}

const missing = (texts, words) => texts.filter(([path]) => !words[path]).length;

function labelOf(content, path) {
  const [, key, part] = path.match(/^fields\.(.+)\.(label|value|change_message)$/) ?? [];
  if (!key) return say({ organization_name: "organization", logo_text: "logo_text", description: "description", "barcode.alt_text": "code_text" }[path]);
  const field = fields(content).find(({ field: one }) => one.key === key)?.field;
  return `${field?.label || key}: ${say(part)}`;
}
