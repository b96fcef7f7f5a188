import { html, render } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { toast } from "billfold/toast.js";
import { workerAddress } from "billfold/trusted.js";
import { Counter } from "./part.js";

render(html`<${Counter} />`, document.getElementById("live"));
document.getElementById("greet").addEventListener("click", () => toast(say("greeting", { name: "<b>Ada</b>" }), "good"));
document.documentElement.dataset.worker = workerAddress("/worker.js");
try {
  workerAddress("https://elsewhere.example/worker.js");
} catch (error) {
  document.documentElement.dataset.refused = error.constructor.name;
}
