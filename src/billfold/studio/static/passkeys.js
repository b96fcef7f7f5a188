// Passkeys: asks the server for a question, the browser for the answer, and goes where the server says. May not enter: words.

import { ask } from "billfold/ask.js";
import { say } from "billfold/texts.js";
import { toast } from "billfold/toast.js";

const byName = /[a-z]/i.test(location.hostname) && !location.hostname.includes(":"); // browsers bind passkeys to names, not to addresses
const able = byName && globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON;

async function make(question) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(question.options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

async function get(question) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(question.options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

const WAYS = {
  async "sign-in"(button) {
    const question = await ask("POST", "/studio/sign-in/passkey", {});
    return ask("POST", "/studio/sign-in/passkey/answer", { state: question.state, answer: await get(question), next: button.dataset.next });
  },
  async join(button) {
    const form = document.getElementById(button.dataset.form);
    const asked = { name: form.elements.name?.value ?? "", email: form.elements.email?.value ?? "" };
    const question = await ask("POST", `${button.dataset.at}/passkey`, asked);
    return ask("POST", `${button.dataset.at}/passkey/answer`, { ...asked, state: question.state, answer: await make(question) });
  },
  async prove(button) {
    const question = await ask("POST", button.dataset.at, {});
    await ask("POST", button.dataset.at, { state: question.state, answer: await get(question) });
    document.getElementById(button.dataset.form).submit(); // what waited for the proof
  },
  async add(button) {
    const question = await ask("POST", button.dataset.at, {});
    return ask("POST", button.dataset.at, { state: question.state, answer: await make(question) });
  },
};

for (const button of document.querySelectorAll("[data-passkey]")) {
  button.hidden = !able;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const done = await WAYS[button.dataset.passkey](button);
      if (done) location.assign(done.next);
    } catch (error) {
      if (error.problem?.prove) location.assign(`${error.problem.prove}?next=${encodeURIComponent(location.pathname)}`);
      toast(error.name === "NotAllowedError" ? say("passkey_stopped") : error.message, "bad");
      button.disabled = false;
    }
  });
}
for (const one of document.querySelectorAll("[data-no-passkey]")) one.hidden = Boolean(able);
