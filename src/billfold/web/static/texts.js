// What this page's modules say: say("copied"). The texts come with the page, in the visitor's language. May not enter: texts.

const texts = JSON.parse(document.getElementById("texts")?.textContent || "{}");

export function say(key, values = {}) {
  if (!(key in texts)) throw new Error(`no text ${key}`);
  return texts[key].replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}
