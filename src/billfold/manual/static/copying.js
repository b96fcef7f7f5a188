// A button on each block of code that copies it. May not enter: anything else.

import { say } from "billfold/texts.js";
import { toast } from "billfold/toast.js";

for (const block of document.querySelectorAll(".document pre")) {
  block.tabIndex = 0;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small copy-code";
  button.textContent = say("copy_code");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      toast(say("copied"), "good");
    } catch {
      toast(say("copy_failed"), "bad");
    }
  });
  const around = document.createElement("div");
  around.className = "code-block";
  block.replaceWith(around);
  around.append(block, button);
}
for (const table of document.querySelectorAll(".document table")) {
  const around = document.createElement("div");
  around.className = "table";
  around.tabIndex = 0;
  around.setAttribute("role", "region");
  around.setAttribute("aria-label", table.closest("main").querySelector("h1")?.textContent ?? "");
  table.replaceWith(around);
  around.append(table);
}
