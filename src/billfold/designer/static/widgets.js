// The few controls of the panels: a text, a choice, a colour, a switch. Each with its label, its hint and what is wrong with it.
// May not enter: what a panel is about.

import { html, useId } from "billfold/html.js";
import { Notes } from "./findings.js";

export function TextField({ label, value, onInput, hint, findings = [], rows = 1, placeholder, maxlength = 2000, name, children }) {
  const id = useId();
  const described = [hint && `${id}-hint`, findings.length && `${id}-notes`].filter(Boolean).join(" ") || undefined;
  const common = {
    id, name, value: value ?? "", placeholder, maxlength, onInput: (event) => onInput(event.target.value),
    "aria-describedby": described, "aria-invalid": findings.some((one) => one.severity === "error") ? "true" : undefined,
  };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    <div class="with">${rows > 1 ? html`<textarea ...${common} rows=${rows}></textarea>` : html`<input type="text" autocomplete="off" ...${common} />`}${children}</div>
    ${findings.length > 0 && html`<div id="${id}-notes" class="stack tight"><${Notes} findings=${findings} /></div>`}
  </div>`;
}

/** `options`: pairs of value and words. */
export function Choice({ label, value, options, onChange, hint, findings = [], name }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    <select id=${id} name=${name} value=${value ?? ""} aria-describedby=${hint ? `${id}-hint` : undefined} onChange=${(event) => onChange(event.target.value)}>
      ${options.map(([one, words]) => html`<option value=${one} selected=${one === (value ?? "")}>${words}</option>`)}
    </select>
    <${Notes} findings=${findings} />
  </div>`;
}

export function Switch({ label, checked, onChange, hint }) {
  const id = useId();
  return html`<label class="check"><input type="checkbox" checked=${checked} aria-describedby=${hint ? id : undefined} onChange=${(event) => onChange(event.target.checked)} />
    <span>${label}${hint && html`<span class="hint quiet small block" id=${id}>${hint}</span>`}</span></label>`;
}

export function NumberField({ label, value, onInput, hint, least = 0, most = 1e9, step = 1, findings = [], name }) {
  const id = useId();
  const read = (text) => (text === "" ? undefined : Number(text));
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    <input id=${id} name=${name} type="number" inputmode="decimal" min=${least} max=${most} step=${step} value=${value ?? ""} aria-describedby=${hint ? `${id}-hint` : undefined}
      onInput=${(event) => onInput(read(event.target.value))} />
    <${Notes} findings=${findings} />
  </div>`;
}

export function ColourField({ label, value, onInput, findings = [], name }) {
  const id = useId();
  return html`<div class="field colour">
    <label for=${id}>${label}</label>
    <div class="row">
      <input type="color" aria-label="${label}" value=${value} onInput=${(event) => onInput(event.target.value)} />
      <input id=${id} name=${name} type="text" value=${value} maxlength="7" spellcheck="false" autocomplete="off"
        onChange=${(event) => onInput(/^#?[0-9a-f]{6}$/i.test(event.target.value) ? `#${event.target.value.replace("#", "").toLowerCase()}` : value)} />
    </div>
    <${Notes} findings=${findings} />
  </div>`;
}
