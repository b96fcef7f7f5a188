// What differs between two designs, in a marketer's words: "Header, STAMPS: Label" for `content.header[stamps].label`.
// May not enter: finding what differs (the server does, or publish.js).

import { say } from "billfold/texts.js";
import { AREAS, fields } from "./design.js";

const NAMED = {
  name: "design_name", missing: "missing", "content.organization_name": "organization", "content.language": "base_language", "content.transit_type": "transit",
  "content.expires_at": "expiry", "content.expires_in_days": "expiry", expires_in_days: "expiry", "content.sharing_prohibited": "sharing_prohibited",
};
const PARTS = { label: "label", value: "value", change_message: "change_message", format: "format", role: "role", alignment: "alignment" };
const BEGINNINGS = [
  [/^content\.(?:localized_)?images\b.*?\.?(logo|icon|strip|thumbnail|background|footer)$/, (slot) => say(`slot_${slot}`)],
  [/^content\.stamps\b/, () => say("stamps")],
  [/^content\.(?:barcode|rotating_barcode)\b/, () => say("panel_code")],
  [/^content\.(?:locations|beacons|relevant)/, () => say("panel_places")],
  [/^schema\b/, () => say("schema")],
  [/^bindings\b/, () => say("expiry")],
  [/^content\.(logo_text|description|style|kind|background_color|foreground_color|label_color|max_distance|grouping)$/, (name) => say(name)],
];

const nameOf = (language) => new Intl.DisplayNames([document.documentElement.lang || "en"], { type: "language" }).of(language) ?? language;

/** A path of the server → words; the path itself where there are none. */
export function inWords(path, content) {
  if (NAMED[path]) return say(NAMED[path]);
  const [, language, rest] = path.match(/^content\.translations\.([\w-]+)\.(.+)$/) ?? [];
  if (language) return `${nameOf(language)}: ${translated(rest, content)}`;
  const [, area, key, part] = path.match(/^content\.(\w+)\[([^\]]+)\](?:\.(\w+))?/) ?? [];
  if (AREAS.includes(area)) return [`${say(`area_${area}`)}, ${labelOf(key, content)}`, part && PARTS[part] && say(PARTS[part])].filter(Boolean).join(": ");
  for (const [pattern, words] of BEGINNINGS) {
    const found = path.match(pattern);
    if (found) return words(found[1]);
  }
  return path.replace(/^content\./, "");
}

/** The same for a place as findings name it, with a field's number: `header[0].label`. */
export function placeInWords(path, content) {
  const [, area, at, rest] = path.match(/^(\w+)\[(\d+)\](.*)$/) ?? [];
  const key = AREAS.includes(area) ? content[area]?.[at]?.key : undefined;
  if (key !== undefined) return inWords(`content.${area}[${key}]${rest}`, content);
  return /^(schema|bindings|missing|name)\b/.test(path) ? inWords(path, content) : inWords(`content.${path}`, content);
}

function translated(path, content) {
  const [, key, part] = path.match(/^fields\.(.+)\.(\w+)$/) ?? [];
  return key ? `${labelOf(key, content)}: ${say(PARTS[part] ?? "value")}` : inWords(`content.${path}`, content);
}

const labelOf = (key, content) => fields(content).find(({ field }) => field.key === key)?.field.label || key;

/** Each once, in their order. */
export const allInWords = (paths, content) => [...new Set(paths.map((path) => inWords(path, content)))];

/** The fields whose change lock screens tell: they have a message, and their value is another, not only its place. */
export function speaking(content, paths) {
  const changed = paths.map((path) => path.match(/^content\.\w+\[([^\]]+)\]\.value$/)?.[1]).filter(Boolean);
  return fields(content)
    .map(({ field }) => field)
    .filter((field) => field.change_message && changed.filter((key) => key === field.key).length === 1);
}
