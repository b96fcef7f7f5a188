// The form that a phone shows before it adds a pass without a name. May not enter: what becomes of the answers.

import { html, useEffect, useRef } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { usePicture } from "./hooks.js";

const KNOWN = {
  givenName: { autocomplete: "given-name" },
  familyName: { autocomplete: "family-name" },
  postalCode: { autocomplete: "postal-code" },
  emailAddress: { autocomplete: "email", type: "email" },
  phoneNumber: { autocomplete: "tel", type: "tel" },
};
const LENGTH_MAX = 100;

/** `form`: {inputs, description, terms, logo, answer(typed or null)}. */
export function SignUp({ form, name }) {
  const first = useRef(null);
  const logo = usePicture(form.logo);
  useEffect(() => first.current.querySelector("input").focus(), []);
  const send = (event) => {
    event.preventDefault();
    form.answer(Object.fromEntries([...new FormData(event.target)].map(([input, text]) => [input, text.trim()])));
  };
  return html`<form class="sign-up" aria-label=${say("sign_up_on", { phone: name })} ref=${first} onSubmit=${send}>
    ${logo && html`<img src=${logo} alt="" />`}
    <p>${form.description}</p>
    ${form.inputs.map(
      (input) => html`<label key=${input}>${say(`sign_up_${input}`)}
        <input name=${input} required maxlength=${LENGTH_MAX} ...${KNOWN[input]} /></label>`,
    )}
    ${form.terms && html`<p class="fine">${form.terms}</p>`}
    <div class="row">
      <button type="button" class="bare" onClick=${() => form.answer(null)}>${say("sign_up_not_now")}</button>
      <button type="submit" class="join">${say("sign_up_join")}</button>
    </div>
  </form>`;
}
