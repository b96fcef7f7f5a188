// Pictures: drop or choose one, see what a phone shows of it, say which point must stay in sight and how near. Stamps drawn from counts.
// May not enter: cutting (the server does).

import { send } from "billfold/ask.js";
import { html, useEffect, useId, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { API } from "../api.js";
import { SLOTS, withContent } from "../design.js";
import { Notes, about, capital } from "../findings.js";
import { Choice, ColourField, Switch, TextField } from "../widgets.js";
import { ValuePicker } from "./texts.js";

const ICONS = ["cup", "star", "heart", "check", "gift", "scissors", "paw", "car", "leaf", "flower", "pizza", "burger", "icecream", "drop", "dumbbell", "flame", "book", "bike", "camera", "bag", "bread", "plane", "ticket", "crown", "percent", "note", "tooth"];
const TYPES = ["image/png", "image/jpeg", "image/webp"];

async function upload(file) {
  const type = TYPES.includes(file.type) ? file.type : "application/octet-stream";
  return (await send("POST", `${API}/images`, file, { "Content-Type": type })).json();
}

/** What is wrong with the picture, rather than with the request. */
const words = ({ problem, message }) => (problem?.errors?.[0] ? `${capital(problem.errors[0].message)}. ${capital(problem.errors[0].mend)}.` : message);

export function Pictures({ design, change, findings }) {
  const { content } = design;
  return html`<div class="stack">
    ${SLOTS[content.style].map((slot) => html`<${Slot} key=${slot} slot=${slot} design=${design} change=${change} findings=${[...about(findings, `images.${slot}`), ...(slot === "strip" ? about(findings, "images").filter((one) => one.path.endsWith("images")) : [])]} />`)}
    ${["store_card", "coupon", "event_ticket"].includes(content.style) && html`<${Stamps} design=${design} change=${change} findings=${about(findings, "stamps")} />`}
  </div>`;
}

const parts = (source) => {
  const [, id, mode, text] = (source ?? "").match(/^image:([0-9a-f]{64})(?:#(focus|crop)=([\d.,]+))?$/) ?? [];
  const [left, top, wide, high] = (text ?? "").split(",").map(Number);
  if (mode === "crop") return { id, frame: text && { crop: text }, point: [left + wide / 2, top + high / 2], zoom: 1 / Math.max(wide, high) };
  return { id, frame: text && { focus: text }, point: mode === "focus" ? [left, top] : [0.5, 0.5], zoom: 1 };
};

/** The address that shows a picture around a point; `zoom` 2 shows half of its width and height. */
function framed(id, [x, y], zoom) {
  const short = (number) => Number(number.toFixed(3));
  if (zoom <= 1) return `image:${id}#focus=${short(x)},${short(y)}`;
  const size = 1 / zoom;
  const from = (at) => Math.min(1 - size, Math.max(0, at - size / 2));
  return `image:${id}#crop=${[from(x), from(y), size, size].map(short).join(",")}`;
}

function Slot({ slot, design, change, findings }) {
  const { content } = design;
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  const [notes, setNotes] = useState([]);
  const [over, setOver] = useState(false);
  const source = content.images?.[slot];
  const { id: image, frame, point, zoom } = parts(source);
  const put = (value, mark = null) => {
    const { [slot]: _old, ...rest } = content.images ?? {};
    change(withContent(design, { images: value ? { ...rest, [slot]: value } : rest }), mark);
  };
  const take = async (file) => {
    if (!file) return;
    setBusy(true);
    setTrouble("");
    try {
      const given = await upload(file);
      setNotes(given.notes);
      put(given.image);
    } catch (error) {
      setTrouble(words(error));
    } finally {
      setBusy(false);
    }
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return html`<section class="area" aria-labelledby=${id}>
    <header class="row apart"><h3 id=${id}>${say(`slot_${slot}`)}</h3>${image && html`<button type="button" class="button small" onClick=${() => put(null)}>${say("remove_picture")}</button>`}</header>
    <p class="hint quiet small">${say(`slot_${slot}_hint`)}</p>
    <label class="drop ${over ? "over" : ""}" onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)} onDrop=${drop}>
      ${image && html`<${Cut} image=${image} slot=${slot} style=${content.style} frame=${frame} point=${point} colour=${content.background_color} onFocus=${(to) => put(framed(image, to, zoom), `images.${slot}`)} />`}
      <span>${busy ? say("uploading") : say(image ? "other_picture" : "drop_picture")}</span>
      <input class="unseen" type="file" accept=${TYPES.join(",")} aria-label=${say("choose_picture", { slot: say(`slot_${slot}`) })} onChange=${(event) => take(event.target.files[0])} />
    </label>
    ${
      image &&
      html`<label class="row zoom">${say("zoom")} <input type="range" min="1" max="4" step="0.1" value=${zoom} aria-valuetext=${say("zoom_is", { zoom: zoom.toFixed(1) })} onInput=${(event) => put(framed(image, point, Number(event.target.value)), `images.${slot}`)} /></label>`
    }
    ${trouble && html`<p class="note bad small" role="alert">${trouble}</p>`}
    ${notes.map((one) => html`<p class="note warn small">${capital(one.message)}. ${capital(one.mend)}.</p>`)}
    <${Notes} findings=${findings} />
  </section>`;
}

/** What a phone shows of a picture; a click, or the arrow keys, say which point must stay in sight. */
function Cut({ image, slot, style, frame, point: [x, y], colour, onFocus }) {
  const query = new URLSearchParams({ slot, style, ...frame, ...(colour ? { color: colour } : {}) });
  const click = (event) => {
    event.preventDefault();
    const box = event.currentTarget.getBoundingClientRect();
    onFocus([clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)]);
  };
  const key = (event) => {
    const step = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, -0.05], ArrowDown: [0, 0.05] }[event.key];
    if (!step) return;
    event.preventDefault();
    onFocus([clamp(x + step[0]), clamp(y + step[1])]);
  };
  return html`<button type="button" class="cut" aria-label=${say("focus_point", { x: Math.round(x * 100), y: Math.round(y * 100) })} onClick=${click} onKeyDown=${key}><img src="${API}/images/${image}/preview.png?${query}" alt="" /></button>`;
}

const clamp = (part) => Math.min(1, Math.max(0, part));

function Stamps({ design, change, findings }) {
  const { stamps } = design.content;
  const set = (name) => (value) => change(withContent(design, { stamps: { ...stamps, [name]: value || undefined } }), `stamps.${name}`);
  const numbers = design.schema.filter((rule) => rule.type === "integer");
  const toggle = (on) => change(withContent(design, { stamps: on ? { filled: numbers[0] ? `{{ ${numbers[0].name} }}` : "3", total: numbers[1] ? `{{ ${numbers[1].name} }}` : "10", icon: "cup" } : undefined }));
  return html`<section class="area"><${Switch} label=${say("stamps")} hint=${say("stamps_hint")} checked=${Boolean(stamps)} onChange=${toggle} />
    ${stamps && html`<div class="stack">
      <div class="tiles">
        <${TextField} label=${say("stamps_filled")} value=${stamps.filled} maxlength=${200} onInput=${set("filled")}><${ValuePicker} schema=${numbers} onPick=${(name) => set("filled")(`{{ ${name} }}`)} /><//>
        <${TextField} label=${say("stamps_total")} value=${stamps.total} maxlength=${200} onInput=${set("total")}><${ValuePicker} schema=${numbers} onPick=${(name) => set("total")(`{{ ${name} }}`)} /><//>
        <${Choice} label=${say("stamps_icon")} value=${stamps.icon} options=${ICONS.map((one) => [one, one])} onChange=${set("icon")} />
        <${Choice} label=${say("stamps_reward")} value=${stamps.reward === undefined ? "gift" : stamps.reward ?? ""} options=${[["", say("stamps_same")], ...ICONS.map((one) => [one, one])]} onChange=${(shape) => change(withContent(design, { stamps: { ...stamps, reward: shape || null } }))} />
      </div>
      <${ColourField} label=${say("stamp_color")} value=${stamps.stamp_color ?? design.content.foreground_color ?? "#ffffff"} onInput=${set("stamp_color")} />
      <${ColourField} label=${say("empty_color")} value=${stamps.empty_color ?? design.content.label_color ?? "#999999"} onInput=${set("empty_color")} />
      <${Notes} findings=${findings} />
    </div>`}
  </section>`;
}
