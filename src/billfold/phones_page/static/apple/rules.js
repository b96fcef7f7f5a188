// What in a pass.json makes a phone refuse the pass: the rows of severity E of reference/apple-wallet.md section 9 that concern it.
// Written from that table alone; the product's own rules are elsewhere and are judged by these. May not enter: network, storage.

import { isWhole, parseStrings, tablesOf } from "../reading/strings.js";

export const STYLES = ["boardingPass", "coupon", "eventTicket", "generic", "storeCard"];
export const POSTER = "posterGeneric";
export const GROUPS = ["header", "primary", "secondary", "auxiliary", "back", "additionalInfo", "footer"];
const REQUIRED = ["description", "organizationName", "passTypeIdentifier", "teamIdentifier", "serialNumber"];
const named = (start, text) => text.split(" ").map((one) => start + one);
const ENUMS = {
  textAlignment: named("PKTextAlignment", "Left Center Right Natural"),
  dateStyle: named("PKDateStyle", "None Short Medium Long Full"),
  timeStyle: named("PKDateStyle", "None Short Medium Long Full"),
  numberStyle: named("PKNumberStyle", "Decimal Percent Scientific SpellOut"),
};
const TRANSIT = named("PKTransitType", "Air Boat Bus Generic Train");
const DETECTORS = named("PKDataDetectorType", "PhoneNumber Link Address CalendarEvent");
const OLD_BARCODES = named("PKBarcodeFormat", "QR PDF417 Aztec");
const BARCODES = [...OLD_BARCODES, ...named("PKBarcodeFormat", "Code128 Code39 Codabar EAN13 I2of5")];
const SCHEMES = ["posterEventTicket", "eventTicket", "semanticBoardingPass", "boardingPass"];
const COLOR = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/;
const UUID = /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/;
const LANGUAGE = /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/;
const PNG_HEAD = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52];
const TOKEN_CHARACTERS_MIN = 16;

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const isDate = (value) => isText(value) && DATE.test(value) && !Number.isNaN(Date.parse(value));
const isWithin = (value, limit) => typeof value === "number" && Math.abs(value) <= limit;

/** One line per problem; empty when a phone would take the pass. Identity against the certificate is bundle.js's. */
export function findProblems(passJson, files) {
  return [topLevel, style, barcodes, places, dates, newer, webService]
    .flatMap((check) => [...check(passJson)])
    .concat([...images(files)], [...languages(files)]);
}

function* topLevel(pass) {
  if (pass.formatVersion !== 1) yield "formatVersion is not the number 1";
  for (const name of REQUIRED) if (!isText(pass[name]) || !pass[name]) yield `${name} is missing or not a text`;
  if (isText(pass.passTypeIdentifier) && !pass.passTypeIdentifier.startsWith("pass."))
    yield "passTypeIdentifier does not begin with pass.";
  for (const name of ["backgroundColor", "foregroundColor", "labelColor"]) {
    const parts = isText(pass[name]) ? COLOR.exec(pass[name]) : null;
    if (pass[name] != null && !parts?.slice(1).every((part) => Number(part) <= 255))
      yield `${name} is not rgb(0-255, 0-255, 0-255)`;
  }
  for (const name of ["voided", "sharingProhibited", "suppressStripShine"]) {
    if (![undefined, true, false].includes(pass[name])) yield `${name} is not true or false`;
  }
}

function* style(pass) {
  const present = STYLES.filter((one) => one in pass);
  if (present.length > 1 || (!present.length && !(POSTER in pass))) yield `${present.length} style keys where exactly one belongs`;
  const keys = new Set();
  for (const one of [...present, ...(POSTER in pass ? [POSTER] : [])]) {
    if (!isObject(pass[one])) {
      yield `${one} is not an object`;
      continue;
    }
    const transit = pass[one].transitType;
    if (one === "boardingPass" && !TRANSIT.includes(transit)) yield "boardingPass.transitType is missing or unknown";
    if (one !== "boardingPass" && transit !== undefined) yield `transitType does not belong into ${one}`;
    for (const group of GROUPS) yield* groupOf(`${one}.${group}Fields`, pass[one][`${group}Fields`] ?? [], keys, one === POSTER);
  }
}

function* groupOf(place, fields, keys, apart) {
  if (!Array.isArray(fields)) {
    yield `${place} is not a list`;
    return;
  }
  for (const [at, entry] of fields.entries()) {
    if (!isObject(entry)) {
      yield `${place}[${at}] is not an object`;
      continue;
    }
    yield* field(`${place}[${at}]`, entry);
    if (keys.has(`${apart} ${entry.key}`)) yield `${place}[${at}]: the key ${JSON.stringify(entry.key)} is used twice`;
    keys.add(`${apart} ${entry.key}`);
  }
}

function* field(place, entry) {
  const isNumber = typeof entry.value === "number";
  if (!isText(entry.key) || !entry.key) yield `${place}.key is missing or not a text`;
  if (!isNumber && !isText(entry.value)) yield `${place}.value is missing, or neither text nor number`;
  for (const [name, allowed] of Object.entries(ENUMS))
    if (name in entry && !allowed.includes(entry[name])) yield `${place}.${name} is unknown`;
  const detectors = entry.dataDetectorTypes ?? [];
  if (!Array.isArray(detectors) || !detectors.every((one) => DETECTORS.includes(one)))
    yield `${place}.dataDetectorTypes is not a list of known detectors`;
  if (("dateStyle" in entry || "timeStyle" in entry) && !isDate(entry.value))
    yield `${place}.value has a date style and is no date with minutes and zone`;
  if (("currencyCode" in entry || "numberStyle" in entry) && !isNumber) yield `${place}.value has a number format and is no number`;
  if (!/^[A-Z]{3}$/.test(entry.currencyCode ?? "XXX")) yield `${place}.currencyCode is not an ISO 4217 code`;
  if (![0, 1, undefined].includes(entry.row)) yield `${place}.row is neither 0 nor 1`;
  if (!isObject(entry.semantics ?? {})) yield `${place}.semantics is not an object`;
  for (const name of ["label", "changeMessage", "attributedValue"])
    if (!isText(entry[name] ?? "")) yield `${place}.${name} is not a text`;
}

function* barcodes(pass) {
  const listed = pass.barcodes ?? [];
  if (!Array.isArray(listed)) yield "barcodes is not a list";
  const entries = Array.isArray(listed) ? listed.map((entry, at) => [`barcodes[${at}]`, entry, BARCODES]) : [];
  if ("barcode" in pass) entries.push(["barcode", pass.barcode, OLD_BARCODES]);
  for (const [place, entry, formats] of entries) {
    if (!isObject(entry)) {
      yield `${place} is not an object`;
      continue;
    }
    if (!formats.includes(entry.format)) yield `${place}.format is missing or unknown`;
    if (!isText(entry.message) || !isText(entry.messageEncoding)) yield `${place} needs message and messageEncoding as texts`;
    else if (/^(iso-8859-1|latin-?1)$/i.test(entry.messageEncoding) && /[^\0-\xff]/.test(entry.message)) {
      yield `${place}.message cannot be written in ${JSON.stringify(entry.messageEncoding)}`;
    }
  }
}

function* places(pass) {
  const locations = pass.locations ?? [];
  const listed = Array.isArray(locations) && locations.length <= 10;
  if (!listed) yield "locations is not a list of at most 10";
  for (const [at, place] of (listed ? locations : []).entries()) {
    if (!isWithin(place?.latitude, 90) || !isWithin(place?.longitude, 180))
      yield `locations[${at}] has no latitude and longitude within range`;
  }
  const beacons = Array.isArray(pass.beacons ?? []) ? (pass.beacons ?? []) : [null];
  for (const [at, beacon] of beacons.entries()) {
    const numbers = [beacon?.major ?? 0, beacon?.minor ?? 0];
    if (!UUID.test(String(beacon?.proximityUUID))) yield `beacons[${at}] has no UUID`;
    else if (!numbers.every((one) => Number.isInteger(one) && one >= 0 && one <= 65535))
      yield `beacons[${at}] has numbers out of range`;
  }
  if (new Set(beacons.map((one) => String(one?.proximityUUID))).size > 10) yield "beacons have more than 10 different UUIDs";
  const distance = pass.maxDistance ?? 1;
  if (!isWithin(distance, 1e9) || distance <= 0) yield "maxDistance is no number above 0";
}

function* dates(pass) {
  const listed = pass.relevantDates ?? [];
  for (const [at, one] of (Array.isArray(listed) ? listed : [null]).entries()) yield* relevant(`relevantDates[${at}]`, one);
  for (const name of ["expirationDate", "relevantDate"])
    if (name in pass && !isDate(pass[name])) yield `${name} is no date with minutes and zone`;
}

function* relevant(place, one) {
  if (!isObject(one) || !Object.keys(one).length) {
    yield `${place} is no object with dates`;
    return;
  }
  const wrong = ["date", "relevantDate", "startDate", "endDate"].find((name) => name in one && !isDate(one[name]));
  if (wrong) yield `${place}.${wrong} is no date with minutes and zone`;
  else if ("startDate" in one !== "endDate" in one) yield `${place} has one end only`;
  else if ("startDate" in one && Date.parse(one.endDate) <= Date.parse(one.startDate)) yield `${place} ends before it begins`;
  else if ("date" in one && "relevantDate" in one && one.date !== one.relevantDate) yield `${place} says two different moments`;
}

/** Layouts, tags, near field. Sections 2.7 to 2.10 and 3. */
function* newer(pass) {
  const schemes = pass.preferredStyleSchemes ?? [];
  if (!Array.isArray(schemes) || !schemes.every((one) => SCHEMES.includes(one)))
    yield "preferredStyleSchemes is not a list of known layouts";
  if (!isObject(pass.semantics ?? {})) yield "semantics is not an object";
  if (pass.nfc == null) return;
  if (!isText(pass.nfc.message) || !isText(pass.nfc.encryptionPublicKey))
    yield "nfc needs message and encryptionPublicKey as texts";
  else if (new TextEncoder().encode(pass.nfc.message).length > 64) yield "nfc.message has more than 64 bytes";
}

function* webService(pass) {
  const { webServiceURL: url, authenticationToken: token } = pass;
  if ((url == null) !== (token == null)) yield "webServiceURL and authenticationToken come together or not at all";
  if (url != null && (!isText(url) || !/^https?:\/\/[^/?#]+[^?#]*$/.test(url)))
    yield "webServiceURL is no web address without query and fragment";
  if (token != null && (!isText(token) || token.length < TOKEN_CHARACTERS_MIN || !/^[!-~]+$/.test(token))) {
    yield `authenticationToken has fewer than ${TOKEN_CHARACTERS_MIN} characters, or some that no header carries`;
  }
}

function* images(files) {
  if (!files.has("icon.png")) yield "icon.png is missing";
  for (const [name, bytes] of files) {
    if (!name.endsWith(".png")) continue;
    const end = String.fromCharCode(...bytes.subarray(-12));
    if (!PNG_HEAD.every((byte, at) => bytes[at] === byte) || !end.includes("IEND")) yield `${name} is not a PNG image`;
  }
}

/** Section 1.4: names of languages, texts that can be read, the same keys everywhere, no picture twice. */
function* languages(files) {
  const keys = new Set();
  for (const [language, name] of tablesOf(files)) {
    if (!LANGUAGE.test(language)) yield `${name}: ${JSON.stringify(language)} is no language`;
    if (!isWhole(files.get(name))) yield `${name} holds something else than keys and texts`;
    keys.add(JSON.stringify([...parseStrings(files.get(name)).keys()].sort()));
  }
  if (keys.size > 1) yield "the languages have different keys";
  const pictures = new Map();
  for (const name of files.keys()) {
    const [folder, rest] = [name.slice(0, name.lastIndexOf("/") + 1), name.slice(name.lastIndexOf("/") + 1)];
    if (!folder.endsWith(".lproj/") || !rest.endsWith(".png")) continue;
    pictures.set(folder, [...(pictures.get(folder) ?? []), rest]);
    if (files.has(rest)) yield `${rest} stands at the root and in ${folder.slice(0, -1)}`;
  }
  if (new Set([...pictures.values()].map((names) => JSON.stringify(names.sort()))).size > 1)
    yield "the languages have different pictures";
}
