// The form beside a pass that is handed out without a name (personalization.json), and what the phone sends of it. Pure.
// May not enter: network; how the form is drawn. Source: reference/apple-wallet.md section 3.

import { JsonInvalid, parseObject } from "../reading/strict_json.js";
import { stringsFor } from "../reading/strings.js";

const FILE = "personalization.json";
const KIND = "PKPassPersonalizationField";
const INPUTS = {
  Name: ["givenName", "familyName"],
  PostalCode: ["postalCode"],
  EmailAddress: ["emailAddress"],
  PhoneNumber: ["phoneNumber"],
};

/** {inputs, description, terms, logo}, texts as the user reads them; null: there is no form, or none that a phone would show. */
export function formOf({ files, passJson }, language) {
  const logo = [3, 2, 1].map((scale) => files.get(`personalizationLogo${scale > 1 ? `@${scale}x` : ""}.png`)).find(Boolean);
  if (!files.has(FILE) || !logo || !passJson.nfc || !passJson.webServiceURL) return null;
  const form = read(files.get(FILE));
  const asked = Array.isArray(form?.requiredPersonalizationFields) ? form.requiredPersonalizationFields : [];
  const inputs = Object.entries(INPUTS).flatMap(([name, own]) => (asked.includes(KIND + name) ? own : []));
  if (!inputs.length || typeof form.description !== "string") return null;
  const strings = stringsFor(files, language);
  const said = (text) => (typeof text === "string" ? (strings.get(text) ?? text) : "");
  return { inputs, description: said(form.description), terms: said(form.termsAndConditions), logo };
}

/** What is typed, by input → requiredPersonalizationInfo. */
export function infoOf(typed) {
  const { givenName, familyName } = typed;
  return givenName || familyName ? { fullName: `${givenName} ${familyName}`.trim(), ...typed } : typed;
}

export const stillAsks = ({ files }) => files.has(FILE);

function read(bytes) {
  try {
    return parseObject(bytes);
  } catch (error) {
    if (error instanceof JsonInvalid) return null;
    throw error;
  }
}
