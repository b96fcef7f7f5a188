// Kind, style and colours. May not enter: pictures, texts.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { PRESETS, contrast } from "../colours.js";
import { KINDS, STYLES, withContent } from "../design.js";
import { about } from "../findings.js";
import { Choice, ColourField } from "../widgets.js";

const READABLE = 4.5;
const TRANSIT = ["air", "train", "bus", "boat", "generic"];

export function Look({ design, change, findings }) {
  const { content } = design;
  const set = (name) => (value) => change(withContent(design, { [name]: value || undefined }), name);
  const style = (value) => change(withContent(design, { style: value, transit_type: value === "boarding_pass" ? content.transit_type ?? "air" : undefined }));
  const colours = [content.background_color, content.foreground_color, content.label_color];
  const weak = [["foreground_color", "texts"], ["label_color", "labels"]].filter(([name]) => contrast(content.background_color, content[name]) < READABLE);
  return html`<div class="stack">
    <${Choice} name="style" label=${say("style")} hint=${say("style_hint")} value=${content.style} options=${STYLES.map((one) => [one, say(`style_${one}`)])} findings=${about(findings, "style")} onChange=${style} />
    <${Choice} name="kind" label=${say("kind")} hint=${say("kind_hint")} value=${content.kind ?? ""} options=${[["", say("kind_by_style")], ...KINDS.map((one) => [one, say(`kind_${one}`)])]} findings=${about(findings, "kind")} onChange=${set("kind")} />
    ${content.style === "boarding_pass" && html`<${Choice} label=${say("transit")} value=${content.transit_type} options=${TRANSIT.map((one) => [one, say(`transit_${one}`)])} findings=${about(findings, "transit_type")} onChange=${set("transit_type")} />`}
    <fieldset class="field"><legend>${say("presets")}</legend>
      <div class="presets">${PRESETS.map(([ground, text, label]) => {
        const on = colours.join() === [ground, text, label].join();
        return html`<button type="button" class="preset" aria-pressed=${String(on)} aria-label=${say("preset", { ground, text })} onClick=${() => change(withContent(design, { background_color: ground, foreground_color: text, label_color: label }))}>
          <svg viewBox="0 0 48 32" aria-hidden="true"><rect width="48" height="32" rx="6" fill=${ground} /><rect x="7" y="8" width="14" height="3" rx="1.5" fill=${label} /><rect x="7" y="15" width="28" height="5" rx="2.5" fill=${text} /></svg>
        </button>`;
      })}</div>
    </fieldset>
    <${ColourField} name="background_color" label=${say("background_color")} value=${content.background_color ?? "#ffffff"} findings=${about(findings, "background_color")} onInput=${set("background_color")} />
    <${ColourField} name="foreground_color" label=${say("foreground_color")} value=${content.foreground_color ?? "#000000"} findings=${about(findings, "foreground_color")} onInput=${set("foreground_color")} />
    <${ColourField} name="label_color" label=${say("label_color")} value=${content.label_color ?? "#000000"} findings=${about(findings, "label_color")} onInput=${set("label_color")} />
    ${weak.map(([name, what]) => html`<p class="note warn small" role="status">${say(`weak_${what}`, { ratio: contrast(content.background_color, content[name]).toFixed(1) })}</p>`)}
    <p class="hint quiet small">${say("google_colours")}</p>
  </div>`;
}
