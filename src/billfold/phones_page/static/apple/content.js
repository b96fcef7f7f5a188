// A pass as the wallet holds it: identity, card, fields with their texts as the user reads them. Pure; the clock is given.
// Reads only what rules.js has let through. May not enter: network, storage.

import { formatDate, formatMoney, formatNumber } from "../reading/formats.js";
import { withoutTags } from "../reading/markup.js";
import { languageOf, stringsFor } from "../reading/strings.js";
import { layoutOf, shownTags } from "./layouts.js";
import { GROUPS, POSTER, STYLES } from "./rules.js";

const CODES = ["QR", "PDF417", "Aztec", "Code128", "Code39", "Codabar", "EAN13", "I2of5"];
const IMAGES = ["icon", "logo", "primaryLogo", "strip", "thumbnail", "background", "artwork", "footer"];

/** `opened`: from openBundle. `language`: BCP 47. `now`: Date.
 *  Gives {serialNumber, passTypeIdentifier, webService, card, fields, places, dates}; `fields` have `raw`, which decides what changed. */
export function readContent(opened, language, now) {
  const { passJson: pass, files } = opened;
  const reader = { language, now, strings: stringsFor(files, language) };
  const style = STYLES.find((one) => one in pass) ?? POSTER;
  const layout = layoutOf(pass, style);
  // What changed is told by the fields of both looks, which may say the same under one key.
  const classic = fieldsOf(pass, style, reader),
    poster = style === POSTER ? classic : fieldsOf(pass, POSTER, reader);
  const known = new Set(classic.map((one) => one.key));
  return {
    passTypeIdentifier: pass.passTypeIdentifier,
    serialNumber: pass.serialNumber,
    webService: pass.webServiceURL ? { url: pass.webServiceURL, token: pass.authenticationToken } : null,
    fields: [...classic, ...poster.filter((one) => !known.has(one.key))],
    card: cardOf(pass, files, { style, layout, fields: layout === POSTER ? poster : classic, reader }),
    places: pass.locations ?? [],
    maxDistance: pass.maxDistance ?? null,
    dates: datesOf(pass),
    needs: style,
  };
}

function cardOf(pass, files, { style, layout, fields, reader }) {
  const organizationName = said(pass.organizationName, reader);
  return {
    wallet: "apple",
    layout,
    style,
    title: said(pass.logoText, reader) || (files.has("logo.png") ? "" : organizationName),
    organizationName,
    description: said(pass.description, reader),
    language: languageOf(files, reader.language) ?? null,
    fields: shown(pass, layout, fields, reader),
    colors: { background: pass.backgroundColor ?? null, foreground: pass.foregroundColor ?? null, label: pass.labelColor ?? null },
    images: imagesOf(files, reader.language),
    code: codeOf(pass),
    transit: pass.boardingPass?.transitType?.replace("PKTransitType", "") ?? null,
    voided: pass.voided === true,
    expired: Boolean(pass.expirationDate) && new Date(pass.expirationDate) <= reader.now,
    nearby: (pass.locations ?? []).map((place) => ({ ...place, text: said(place.relevantText, reader) })),
  };
}

/** A text that the phone translates. */
const said = (text, { strings }) => (typeof text === "string" ? (strings.get(text) ?? text) : "");

function fieldsOf(pass, style, reader) {
  return GROUPS.flatMap((group) =>
    (pass[style]?.[`${group}Fields`] ?? []).map((entry) => ({
      group,
      key: entry.key,
      label: said(entry.label, reader),
      value: entry.attributedValue === undefined ? formatValue(entry, reader) : withoutTags(said(entry.attributedValue, reader)),
      raw: entry.value,
      changeMessage: said(entry.changeMessage, reader),
      align: entry.textAlignment?.replace("PKTextAlignment", "").toLowerCase() ?? null,
      row: entry.row ?? 0,
    })),
  );
}

/** What the layout draws: the newer ones draw the front from tags, and the back and the tile from fields. */
function shown(pass, layout, fields, reader) {
  const drawn = shownTags(pass, layout).map(({ group, tag, text }) => {
    const value = tag.endsWith("Date")
      ? formatValue({ value: text, dateStyle: "PKDateStyleMedium", timeStyle: "PKDateStyleShort" }, reader)
      : said(text, reader);
    return { group, key: tag, label: "", value };
  });
  const tile = [POSTER, "posterEventTicket"].includes(layout);
  return [
    ...drawn,
    ...fields.filter(
      ({ group }) => (!drawn.length || ["back", "additionalInfo"].includes(group)) && (tile || group !== "additionalInfo"),
    ),
  ];
}

export function formatValue(entry, reader) {
  const { value } = entry,
    { language } = reader;
  if (typeof value === "number") {
    return entry.currencyCode
      ? formatMoney(value, entry.currencyCode, language)
      : formatNumber(value, (entry.numberStyle ?? "").replace("PKNumberStyle", ""), language);
  }
  if (entry.dateStyle === undefined && entry.timeStyle === undefined) return said(value, reader);
  const end = (name) => (entry[name] ?? "").replace("PKDateStyle", "");
  const relativeTo = entry.isRelative === true ? reader.now : null;
  return formatDate(value, {
    date: end("dateStyle"),
    time: end("timeStyle"),
    language,
    ownZone: entry.ignoresTimeZone === true,
    relativeTo,
  });
}

function codeOf(pass) {
  const code = [...(pass.barcodes ?? []), ...(pass.barcode ? [pass.barcode] : [])].find(({ format }) =>
    CODES.includes(format.replace("PKBarcodeFormat", "")),
  );
  return code ? { format: code.format.replace("PKBarcodeFormat", ""), message: code.message, text: code.altText ?? "" } : null;
}

/** Slot → bytes of the sharpest picture; one at the root stands over a translated one. */
function imagesOf(files, language) {
  const tag = languageOf(files, language);
  const folders = ["", ...(tag === undefined ? [] : [`${tag}.lproj/`])];
  const names = (slot) => folders.flatMap((folder) => ["@3x", "@2x", ""].map((scale) => `${folder}${slot}${scale}.png`));
  const found = IMAGES.map((slot) => [slot, files.get(names(slot).find((name) => files.has(name)))]);
  return Object.fromEntries(found.filter(([, bytes]) => bytes));
}

function datesOf(pass) {
  const listed = pass.relevantDates ?? (pass.relevantDate ? [{ date: pass.relevantDate }] : []);
  return listed.map((one) => ({ start: one.startDate ?? one.date ?? one.relevantDate, end: one.endDate ?? null }));
}
