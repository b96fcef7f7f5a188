// Finds headings that have all the words typed; what the page gave is all that is looked through. May not enter: requests.

import { say } from "billfold/texts.js";

const SHOWN_MAX = 20;
const index = JSON.parse(document.getElementById("index").textContent).map((one) => ({ ...one, words: `${one.text} ${one.page}`.toLowerCase() }));
const field = document.getElementById("search");
const found = document.getElementById("found");

function row(one) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = one.to;
  link.textContent = one.text;
  const page = document.createElement("span");
  page.className = "quiet small";
  page.textContent = one.text === one.page ? "" : ` ${one.page}`;
  item.append(link, page);
  return item;
}

field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  found.hidden = words.length === 0;
  const hits = index.filter((one) => words.every((word) => one.words.includes(word))).slice(0, SHOWN_MAX);
  found.replaceChildren(...hits.map(row));
  if (hits.length === 0) found.textContent = say("nothing_found");
});
