// One operation as a form: parameters, body as text and as fields. It changes the form's values and nothing else. May not enter: sending.

import { html, useId } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { nameOf } from "./request.js";

/** `change(part)`: merges into the form. `sources`: names of operations whose answers have the id of a parameter. */
export function Form({ operation, form, change, ids, sources }) {
  const set = (name, value) => change({ values: { ...form.values, [name]: value } });
  const body = operation.bodies.find((one) => one.type === form.bodyType);
  return html`
    ${
      operation.parameters.length > 0 &&
      html`<div class="fields">
        ${operation.parameters.map(
          (one) => html`<${Parameter}
            key=${one.name}
            parameter=${one}
            value=${form.values[one.name]}
            set=${(value) => set(one.name, value)}
            known=${ids.of(nameOf(one), operation.id)}
            sources=${sources(one)}
          />`,
        )}
      </div>`
    }
    ${operation.bodies.length > 1 && html`<${BodyType} operation=${operation} form=${form} change=${change} />`}
    ${body && !body.json && html`<${FileBody} change=${change} />`} ${body?.json && html`<${JsonBody} body=${body} form=${form} change=${change} />`}
  `;
}

/** A sentence of the description, in which `...` is code. */
export const Words = ({ text }) => text.split("`").map((one, place) => (place % 2 ? html`<code>${one}</code>` : one));

function Parameter({ parameter, value, set, known, sources }) {
  const id = useId();
  const { name, required, hint, options, kind, example, standard } = parameter;
  const chosen = (event) => set(event.target.value);
  const offered = kind === "boolean" ? ["true", "false"] : options;
  const described = `${id}-hint`;
  return html`<div class="field">
    <label for=${id}><code>${name}</code>${required && html` <span class="badge">${say("play.required")}</span>`}</label>
    ${
      offered.length
        ? html`<select id=${id} aria-describedby=${described} onChange=${chosen}>
            ${!required && html`<option value="" selected=${value === ""}>${standard === undefined ? "–" : `– (${standard})`}</option>`}
            ${offered.map((one) => html`<option key=${one} value=${one} selected=${one === value}>${one}</option>`)}
          </select>`
        : html`<input
            id=${id}
            autocomplete="off"
            spellcheck="false"
            aria-describedby=${described}
            list=${known.length ? `${id}-known` : undefined}
            placeholder=${String(standard ?? example ?? "")}
            value=${value}
            onInput=${chosen}
          />`
    }
    ${known.length > 0 && html`<datalist id=${`${id}-known`}>${known.map((one) => html`<option key=${one} value=${one} />`)}</datalist>`}
    <p class="hint" id=${described}>
      <${Words} text=${hint} /> ${known.length > 0 && say("play.known_ids")}
      ${
        known.length === 0 &&
        sources.length > 0 &&
        html`${say("play.from_operation")} ${sources.map((one) => html`<a key=${one} href=${`#${one}`}>${one}</a> `)}`
      }
    </p>
  </div>`;
}

function BodyType({ operation, form, change }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${say("play.body_type")}</label>
    <select id=${id} onChange=${(event) => change({ bodyType: event.target.value, file: null })}>
      ${operation.bodies.map((one) => html`<option key=${one.type} value=${one.type} selected=${one.type === form.bodyType}>${one.type}</option>`)}
    </select>
  </div>`;
}

function FileBody({ change }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${say("play.file")}</label>
    <input id=${id} type="file" onChange=${(event) => change({ file: event.target.files[0] ?? null })} />
  </div>`;
}

function JsonBody({ body, form, change }) {
  const id = useId();
  const { value, trouble } = parsed(form.text);
  const object = value !== null && typeof value === "object" && !Array.isArray(value);
  const put = (name, one) => {
    const { [name]: _gone, ...rest } = value;
    change({ text: JSON.stringify(one === undefined ? rest : { ...value, [name]: one }, null, 2) });
  };
  return html`<div class="field">
      <label for=${id}>${say("play.body_json")}</label>
      <textarea
        id=${id}
        class="editor"
        spellcheck="false"
        rows=${Math.min(22, form.text.split("\n").length + 1)}
        aria-invalid=${trouble ? "true" : "false"}
        aria-describedby=${trouble ? `${id}-error` : undefined}
        value=${form.text}
        onInput=${(event) => change({ text: event.target.value })}
      ></textarea>
      ${trouble && html`<p class="error" id=${`${id}-error`}>${say("play.not_json", { reason: trouble })}</p>`}
    </div>
    ${
      object &&
      body.fields.length > 0 &&
      html`<details><summary>${say("play.as_fields")}</summary>
        <div class="fields">${body.fields.map((one) => html`<${Member} key=${one.name} member=${one} value=${value[one.name]} put=${put} />`)}</div>
      </details>`
    }`;
}

/** One member of the body; what is emptied is left out of it. */
function Member({ member, value, put }) {
  const id = useId();
  const { name, kind, options, hint } = member;
  const read = (text) => {
    if (text === "") return undefined;
    if (kind === "boolean") return text === "true";
    return (kind === "integer" || kind === "number") && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  const set = (event) => put(name, read(event.target.value));
  const offered = kind === "boolean" ? ["true", "false"] : options;
  const shown = value === undefined || value === null ? "" : String(value);
  return html`<div class="field">
    <label for=${id}><code>${name}</code></label>
    ${
      offered.length
        ? html`<select id=${id} aria-describedby=${`${id}-hint`} onChange=${set}>
            ${["", ...offered].map((one) => html`<option key=${one} value=${one} selected=${one === shown}>${one || "–"}</option>`)}
          </select>`
        : html`<input id=${id} autocomplete="off" aria-describedby=${`${id}-hint`} value=${shown} onInput=${set} />`
    }
    <p class="hint" id=${`${id}-hint`}><${Words} text=${hint} /></p>
  </div>`;
}

function parsed(text) {
  try {
    return { value: JSON.parse(text), trouble: "" };
  } catch (error) {
    return { value: null, trouble: error.message };
  }
}
