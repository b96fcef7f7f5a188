// HTML read for what it says, without a document that could run or load anything. May not enter: what is done with it.

const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The attributes of each `name` tag, in the text's order. */
export const tagsOf = (markup, name) =>
  [...markup.matchAll(new RegExp(`<${name}\\s((?:"[^"]*"|'[^']*'|[^>"'])*)>`, "gi"))].map(([, inside]) =>
    Object.fromEntries(
      [...inside.matchAll(/([a-z][\w-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi)].map(([, key, ...texts]) => [
        key.toLowerCase(),
        decoded(texts.find((one) => one !== undefined)).trim(),
      ]),
    ),
  );

/** The text of markup. */
export const withoutTags = (markup) => decoded(markup.replace(/<[^>]*>/g, ""));

const decoded = (text) =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (all, decimal, hexadecimal, name) => {
    if (name) return NAMED[name.toLowerCase()] ?? all;
    const code = decimal ? Number(decimal) : parseInt(hexadecimal, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
