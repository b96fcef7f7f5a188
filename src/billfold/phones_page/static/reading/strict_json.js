// JSON as the phone takes it: UTF-8, an object at the top, no member twice. May not enter: what the JSON is about.

import { utf8 } from "./bytes.js";

/** The message says what is wrong, in one line. */
export class JsonInvalid extends Error {}

/** Throws JsonInvalid. */
export function parseObject(bytes) {
  let text, parsed;
  try {
    text = utf8(bytes);
    parsed = JSON.parse(text);
  } catch {
    throw new JsonInvalid("not strict JSON in UTF-8");
  }
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed)) throw new JsonInvalid("not a JSON object");
  const twice = memberTwice(text);
  if (twice !== null) throw new JsonInvalid(`not strict JSON in UTF-8 (${twice} twice in one object)`);
  return parsed;
}

/** JSON.parse keeps the last of two members; a phone refuses both. `text` is JSON, so its tokens can be told apart simply. */
function memberTwice(text) {
  const open = [];
  let last = null;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token !== ":") last = token;
    else {
      const name = JSON.parse(last);
      if (open.at(-1).has(name)) return last;
      open.at(-1).add(name);
    }
  }
  return null;
}
