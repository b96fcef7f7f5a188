// A short word on what was just done, at the foot of the page: toast("Saved", "good"). Screen readers hear it.
// May not enter: anything that must be answered (dialog.js).

import { say } from "./texts.js";

const SHOWN_MS = 6000;

/** `kind`: "", "good" or "bad"; what is bad stays until it is closed. */
export function toast(text, kind = "") {
  const one = document.createElement("div");
  one.className = `toast ${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = say("close");
  close.addEventListener("click", () => one.remove());
  one.append(words, close);
  document.getElementById("toasts").append(one);
  if (kind !== "bad") setTimeout(() => one.remove(), SHOWN_MS);
  return one;
}
