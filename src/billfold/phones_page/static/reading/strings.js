// The texts of a language folder, as a phone reads them. May not enter: which texts a pass has.
// Source: reference/apple-wallet.md section 1.4.

const NAME = ".lproj/pass.strings";
const ENTRY = /"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;/gs;
const COMMENT = /\/\*.*?\*\/|\/\/[^\n]*|("(?:[^"\\]|\\.)*")/gs;

/** [language, file name], sorted. */
export const tablesOf = (files) =>
  [...files.keys()]
    .filter((name) => name.endsWith(NAME))
    .sort()
    .map((name) => [name.slice(0, -NAME.length), name]);

/** The language folder that a phone of `language` takes: its own, its main language's, English, or whatever there is. */
export function languageOf(files, language) {
  const found = tablesOf(files).map(([tag]) => tag);
  return [language, language.split("-")[0], "en"].find((tag) => found.includes(tag)) ?? found[0];
}

/** Map of key → text. */
export function stringsFor(files, language) {
  const tag = languageOf(files, language);
  return tag === undefined ? new Map() : parseStrings(files.get(tag + NAME));
}

export const parseStrings = (bytes) =>
  new Map([...readable(bytes).matchAll(ENTRY)].map(([, key, text]) => [unescape(key), unescape(text)]));

/** Whether nothing but entries and comments is in it. */
export const isWhole = (bytes) =>
  !readable(bytes)
    .replace(ENTRY, "")
    .replace(/^\ufeff/, "")
    .trim();

function readable(bytes) {
  const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(mark).decode(bytes).replace(COMMENT, (_, kept) => kept ?? " ");
}

const unescape = (text) => text.replace(/\\(.)/gs, (_, one) => ({ n: "\n", t: "\t", r: "\r" })[one] ?? one);
