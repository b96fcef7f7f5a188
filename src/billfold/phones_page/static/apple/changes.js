// What changed between two versions of a pass, and which line the lock screen shows for it. Pure.
// Source: reference/apple-wallet.md section 6.

const GENERIC = {
  en: "Your pass has changed",
  de: "Deine Karte wurde geändert",
  fr: "Votre carte a été modifiée",
  es: "Tu pase ha cambiado",
  it: "La tua carta è cambiata",
  nl: "Je pas is gewijzigd",
};

/** Fields paired by key, changed when the value differs: [{key, label, old, new}]; null where there is none. */
export function compare(older, newer) {
  const before = new Map(older.fields.map((one) => [one.key, one])),
    after = new Set(newer.fields.map((one) => one.key));
  const changes = newer.fields
    .filter((one) => before.get(one.key)?.raw !== one.raw)
    .map((one) => ({ key: one.key, label: one.label, old: before.get(one.key)?.value ?? null, new: one.value }));
  const gone = older.fields
    .filter((one) => !after.has(one.key))
    .map((one) => ({ key: one.key, label: one.label, old: one.value, new: null }));
  return [...changes, ...gone];
}

/** {text, generic}, or null for a silent update. Only a field of both versions whose new one has a change message counts.
 *  `generic`: the system's words, for several changes at once or a message without its placeholder. */
export function lockScreenLine(older, newer, language) {
  const messages = new Map(newer.fields.map((one) => [one.key, one.changeMessage]));
  const told = compare(older, newer).filter((change) => change.old !== null && messages.get(change.key));
  if (!told.length) return null;
  const message = messages.get(told[0].key);
  if (told.length > 1 || !message.includes("%@")) return { text: GENERIC[language.split("-")[0]] ?? GENERIC.en, generic: true };
  return { text: message.replaceAll("%@", () => told[0].new), generic: false };
}
