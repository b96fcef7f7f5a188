// The design on both phones, side by side: pictures of the server's one renderer, of what is being edited and with one person's values.
// May not enter: drawing a pass, changing the design.

import { send } from "billfold/ask.js";
import { html, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { API } from "./api.js";
import { saved } from "./design.js";

const PAUSE_MS = 180;
const SIDES = ["front", "back", "lock", "nearby", "watch"];

async function draw(body, signal) {
  const headers = { "Content-Type": "application/json", Accept: "image/svg+xml" };
  const answer = await send("POST", `${API}/previews`, JSON.stringify(body), headers, signal);
  return URL.createObjectURL(await answer.blob());
}

/** One picture that follows what it shows. The last good one stays while a new one cannot be drawn. */
export function Picture({ content, values, wallet, side, scheme, language, changed, label, onProblems }) {
  const [address, setAddress] = useState(null);
  const [stale, setStale] = useState(false);
  const body = JSON.stringify({ content, values, wallet, side, scheme, ...(language ? { language } : {}), ...(changed ? { changed } : {}), format: "svg" });
  const shown = useRef(null);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const drawn = await draw(JSON.parse(body), stop.signal);
        if (stop.signal.aborted) return URL.revokeObjectURL(drawn);
        if (shown.current) URL.revokeObjectURL(shown.current);
        shown.current = drawn;
        setAddress(drawn);
        setStale(false);
        onProblems?.([]);
      } catch (error) {
        if (stop.signal.aborted) return;
        setStale(true);
        onProblems?.(error.problem?.errors ?? [{ path: "", message: error.message, mend: "" }]);
      }
    }, PAUSE_MS);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [body]);
  return html`<figure class="phone ${wallet} ${scheme} ${stale ? "stale" : ""}">
    <figcaption>${label}</figcaption>
    <div class="screen">${address ? html`<img src=${address} alt=${say("picture_alt", { wallet: say(wallet), side: say(`side_${side}`) })} />` : html`<p class="quiet">${say("drawing")}</p>`}</div>
  </figure>`;
}

export function Preview({ design, values, languages, onProblems }) {
  const [side, setSide] = useState("front");
  const [scheme, setScheme] = useState("light");
  const [language, setLanguage] = useState("");
  const content = saved(design).content;
  const common = { content, values, side, scheme, language };
  return html`<section class="preview">
    <div class="row apart controls">
      <div class="choice" role="group" aria-label=${say("side")}>
        ${SIDES.map((one) => html`<button type="button" class="button small" aria-pressed=${String(one === side)} onClick=${() => setSide(one)}>${say(`side_${one}`)}</button>`)}
      </div>
      <div class="row">
        <button type="button" class="button small" aria-pressed=${String(scheme === "dark")} onClick=${() => setScheme(scheme === "dark" ? "light" : "dark")}>${say("dark")}</button>
        ${languages.length > 1 &&
        html`<label class="unseen" for="preview-language">${say("phone_language")}</label>
          <select id="preview-language" class="button small" value=${language} onChange=${(event) => setLanguage(event.target.value)}>
            ${languages.map((one, at) => html`<option value=${at === 0 ? "" : one}>${one}</option>`)}
          </select>`}
      </div>
    </div>
    <div class="phones" tabindex="0" role="region" aria-label=${say("preview")}>
      <${Picture} ...${common} wallet="apple" label=${say("apple")} onProblems=${onProblems} />
      <${Picture} ...${common} wallet="google" label=${say("google")} />
    </div>
    <p class="hint quiet small">${say(`side_${side}_hint`)}</p>
    ${content.expires_in_days && html`<p class="quiet small">${say("expires_after", { days: content.expires_in_days })}</p>`}
    ${content.expires_at && html`<p class="quiet small">${say("expires_on", { date: content.expires_at.slice(0, 10) })}</p>`}
  </section>`;
}
