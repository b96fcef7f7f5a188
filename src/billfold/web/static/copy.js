// Puts a text into the clipboard: <button data-copies="id">. May not enter: texts that nobody can see.

import { say } from "./texts.js";
import { toast } from "./toast.js";

export function copies(root = document) {
  for (const one of root.querySelectorAll("[data-copies]")) {
    one.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(one.dataset.copies).textContent.trim());
        toast(say("copied"), "good");
      } catch {
        toast(say("copy_failed"), "bad");
      }
    });
  }
}
