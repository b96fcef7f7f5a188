// An answer as it is looked at: status, time, headers; JSON, text, a picture, or a file to keep. Pure but for its objects' addresses.
// May not enter: requests.

import { html, useEffect, useMemo } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { ENDINGS, PKPASS } from "./description.js";

const TEXT_MAX = 400; // of one string of JSON; a bundle in base64 would hide everything else
const SHOWN_MAX = 200_000;

/** The JSON of an answer; null where it is none. */
export function jsonOf(answer) {
  if (!/json$/.test(answer.type)) return null;
  try {
    return JSON.parse(new TextDecoder().decode(answer.bytes));
  } catch {
    return null;
  }
}

/** The first share link in what was answered; null without one. */
export function shareLinkOf(value) {
  if (typeof value === "string") return /^https?:\/\/[^/\s]+\/p\/[\w-]+$/.test(value) ? value : null;
  if (value === null || typeof value !== "object") return null;
  for (const one of Object.values(value)) {
    const found = shareLinkOf(one);
    if (found) return found;
  }
  return null;
}

export function Answer({ answer, openOnPhones }) {
  const json = useMemo(() => jsonOf(answer), [answer]);
  const link = json && shareLinkOf(json);
  const good = answer.status < 400;
  return html`<div class="stack" id="answer">
    <p class="row">
      <span class=${`badge ${good ? "good" : "bad"}`} data-status=${answer.status}>${answer.status}</span>
      <span class="quiet">${say("play.milliseconds", { count: answer.milliseconds })}</span>
      <span class="quiet">${say("play.bytes", { count: answer.bytes.length })}</span>
      ${link && openOnPhones && html`<button type="button" class="button small" onClick=${() => openOnPhones(link)}>${say("play.open_on_phones")}</button>`}
    </p>
    <${Body} answer=${answer} json=${json} />
    <details><summary>${say("play.headers")}</summary>
      <dl class="facts small">${answer.headers.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd><code>${value}</code></dd>`)}</dl>
    </details>
  </div>`;
}

function Body({ answer, json }) {
  if (answer.bytes.length === 0) return html`<p class="quiet">${say("play.empty_body")}</p>`;
  if (answer.type.startsWith("image/")) return html`<${Picture} answer=${answer} />`;
  if (json !== null) {
    const bundle = typeof json?.applePass === "string" ? bytesOf(json.applePass) : null;
    return html`<pre class="code" tabindex="0" role="region" aria-label=${say("play.answer")}>${JSON.stringify(json, shortened, 2).slice(0, SHOWN_MAX)}</pre>
      ${bundle && html`<${Download} bytes=${bundle} type=${PKPASS} name="card.pkpass" />`}`;
  }
  if (answer.type.startsWith("text/")) {
    return html`<pre class="code" tabindex="0" role="region" aria-label=${say("play.answer")}>${new TextDecoder().decode(answer.bytes).slice(0, SHOWN_MAX)}</pre>`;
  }
  return html`<${Download} bytes=${answer.bytes} type=${answer.type} name=${`answer.${ENDINGS[answer.type] ?? "bin"}`} />`;
}

const shortened = (_name, value) =>
  typeof value === "string" && value.length > TEXT_MAX ? `${value.slice(0, 60)} ${say("play.shortened", { count: value.length })}` : value;

function Picture({ answer }) {
  const address = useAddress(answer.bytes, answer.type);
  return html`<img class="answered" src=${address} alt=${say("play.picture")} />
    <${Download} bytes=${answer.bytes} type=${answer.type} name=${`answer.${ENDINGS[answer.type] ?? "bin"}`} />`;
}

function Download({ bytes, type, name }) {
  return html`<p><a class="button small" href=${useAddress(bytes, type)} download=${name}>${say("play.download", { name })}</a></p>`;
}

/** An address for bytes, as long as the component shows them. */
function useAddress(bytes, type) {
  const address = useMemo(() => URL.createObjectURL(new Blob([bytes], { type })), [bytes, type]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  return address;
}

function bytesOf(base64) {
  try {
    return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  } catch {
    return null;
  }
}
