// A design as it is edited: what a template's draft says, in the form in which it is saved. Pure values, never changed in place.
// May not enter: the page, requests, what a wallet makes of it.

export const AREAS = ["header", "primary", "secondary", "auxiliary", "back"];
export const STYLES = ["store_card", "coupon", "event_ticket", "boarding_pass", "generic"];
export const KINDS = ["loyalty", "gift_card", "offer", "event_ticket", "flight", "transit", "generic"];

const SHOWN = {
  store_card: { header: 3, primary: 1, secondary: 4, together: 4 },
  coupon: { header: 3, primary: 1, secondary: 4, together: 4 },
  event_ticket: { header: 3, primary: 1, secondary: 4, auxiliary: 4 },
  boarding_pass: { header: 3, primary: 2, secondary: 4, auxiliary: 5 },
  generic: { header: 3, primary: 1, secondary: 4, auxiliary: 4 },
};

/** How many fields an iPhone shows in an area at most. Some styles have second and third row together. */
export function shownAtMost(content, area) {
  const most = SHOWN[content.style] ?? {};
  if (area === "auxiliary" && most.together) return Math.max(0, most.together - (content.secondary ?? []).length);
  return most[area] ?? Infinity;
}

const ROWS_MAX = 3,
  A_ROW = 3;

/** Area → how many of its fields stand on Google's card, as the server's renderer lays them out; the others stand in its details. Null
 *  for a journey, whose card Google fills from semantic tags. */
export function onGooglesCard(content) {
  if (content.kind === "flight" || content.kind === "transit") return null;
  const of = (area) => (content[area] ?? []).map(() => area);
  const [first, ...primary] = of("primary");
  const kinds = [of("header"), [...primary, ...of("secondary")], of("auxiliary")];
  const fits = kinds.reduce((rows, kind) => rows + Math.ceil(kind.length / A_ROW), 0) <= ROWS_MAX;
  const shown = [...(first ? [first] : []), ...(fits ? kinds.flat() : kinds.flat().slice(0, ROWS_MAX * A_ROW))];
  return Object.fromEntries(AREAS.map((area) => [area, shown.filter((one) => one === area).length]));
}

/** Which pictures a style shows. */
export const SLOTS = {
  store_card: ["logo", "strip", "icon"],
  coupon: ["logo", "strip", "icon"],
  event_ticket: ["logo", "strip", "thumbnail", "background", "icon"],
  boarding_pass: ["logo", "footer", "icon"],
  generic: ["logo", "thumbnail", "icon"],
};

const filled = (value) =>
  value !== null && value !== undefined && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0) &&
  !(typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0);

const named = (images) => Object.fromEntries(Object.entries(images ?? {}).map(([slot, hash]) => [slot, `image:${hash}`]));

/** What the server answers for a draft → a design. Members that say nothing are left away. */
export function opened(draft) {
  const content = Object.fromEntries(Object.entries(draft.content).filter(([name, value]) => filled(value) || AREAS.includes(name)));
  if (!("sharing_prohibited" in content)) content.sharing_prohibited = false;
  for (const area of [...AREAS, "additional"]) {
    if (content[area]) content[area] = content[area].map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => filled(value) || value === 0)));
  }
  content.images = named(content.images);
  if (content.localized_images) {
    content.localized_images = Object.fromEntries(Object.entries(content.localized_images).map(([language, images]) => [language, named(images)]));
  }
  if (draft.expires_in_days !== null && draft.expires_in_days !== undefined) {
    content.expires_in_days = draft.expires_in_days;
    delete content.expires_at;
  }
  return { name: draft.name, content, schema: draft.schema, missing: draft.missing, bindings: draft.bindings };
}

/** A design → the body that saves it. */
export function saved(design) {
  const { content, ...rest } = design;
  const said = Object.fromEntries(Object.entries(content).filter(([name, value]) => filled(value) || name === "sharing_prohibited"));
  for (const area of AREAS) if (said[area]) said[area] = said[area].map((one) => ({ ...one, value: one.value ?? "" }));
  const schema = rest.schema.map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null && value !== "")));
  return { ...rest, schema, content: { ...said, description: content.description || design.name } };
}

export const withContent = (design, changes) => ({ ...design, content: { ...design.content, ...changes } });

/** Every field with the area it stands in. */
export const fields = (content) => AREAS.flatMap((area) => (content[area] ?? []).map((field, at) => ({ area, at, field })));

/** A key that no field has yet. */
export function freshKey(content, wish = "field") {
  const taken = new Set(fields(content).map(({ field }) => field.key));
  const stem = wish.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40) || "field";
  for (let number = 1; ; number++) {
    const key = number === 1 ? stem : `${stem}_${number}`;
    if (!taken.has(key)) return key;
  }
}

export function addField(design, area, field) {
  return withContent(design, { [area]: [...(design.content[area] ?? []), field] });
}

export function changeField(design, area, at, changes) {
  const list = design.content[area].map((one, place) => {
    if (place !== at) return one;
    const merged = Object.entries({ ...one, ...changes });
    return Object.fromEntries(merged.filter(([name, value]) => name === "value" || (value !== undefined && value !== null && value !== "")));
  });
  return withContent(design, { [area]: list });
}

export function removeField(design, area, at) {
  return withContent(design, { [area]: design.content[area].filter((_, place) => place !== at) });
}

/** Takes a field to a place of the same or another area. `to`: the place it has afterwards. */
export function moveField(design, area, at, toArea, to) {
  const moved = design.content[area][at];
  if (area === toArea) {
    const list = design.content[area].filter((_, place) => place !== at);
    list.splice(Math.max(0, Math.min(to, list.length)), 0, moved);
    return withContent(design, { [area]: list });
  }
  const target = [...(design.content[toArea] ?? [])];
  target.splice(Math.max(0, Math.min(to, target.length)), 0, moved);
  return withContent(design, { [area]: design.content[area].filter((_, place) => place !== at), [toArea]: target });
}

/** Example values of the schema, as one nested object. */
export function examples(schema) {
  const values = {};
  for (const rule of schema) put(values, rule.name, rule.example ?? rule.default ?? EMPTY[rule.type]);
  return values;
}

const EMPTY = { text: "", integer: 0, number: 0, boolean: false, date: null, color: null, object: {}, list: [] };

/** `member.points` of nested values. */
export const valueAt = (values, name) => name.split(".").reduce((at, part) => (at === null || at === undefined ? undefined : at[part]), values);

function put(values, name, value) {
  const parts = name.split(".");
  let at = values;
  for (const part of parts.slice(0, -1)) at = at[part] && typeof at[part] === "object" ? at[part] : (at[part] = {});
  if (value !== undefined && value !== null) at[parts.at(-1)] = value;
}

/** A copy of nested values with one of them set. */
export function withValue(values, name, value) {
  const copy = structuredClone(values);
  put(copy, name, value);
  return copy;
}

/** The texts of a content that may be translated: path → text. */
export function translatable(content) {
  const found = {};
  for (const name of ["organization_name", "logo_text", "description"]) if (content[name]) found[name] = content[name];
  for (const { field } of fields(content)) {
    for (const part of ["label", "value", "change_message"]) {
      const text = field[part];
      if (text && !/^\s*(\{\{[^}]*\}\}\s*)+$/.test(text) && /\p{L}/u.test(text)) found[`fields.${field.key}.${part}`] = text;
    }
  }
  if (content.barcode?.alt_text && /\p{L}/u.test(content.barcode.alt_text.replace(/\{\{[^}]*\}\}/g, ""))) found["barcode.alt_text"] = content.barcode.alt_text;
  return found;
}
