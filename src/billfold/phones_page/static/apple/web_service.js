// The device's end of Apple's PassKit web service: one function per endpoint, answers judged on the spot.
// A wrong answer is a ServerWrong that carries the text for the log endpoint. May not enter: state; the order of calls.
// Source: reference/apple-wallet.md sections 4.1, 4.7.

import { postJson, request } from "../reading/http.js";

export const PASS_TYPE = "application/vnd.apple.pkpass";
const PERSONALIZE = "Personalize task";

/** The server broke the protocol. `retry`: the phone tries again later, for it may be a passing trouble. */
export class ServerWrong extends Error {
  constructor(complaint, retry = false) {
    super(complaint);
    this.complaint = complaint;
    this.retry = retry;
  }
}

/** An address is {url, token, passTypeIdentifier, serialNumber}. Gives 201 when new, 200 when the server knew. */
export async function register(address, device, pushToken) {
  const { status } = await postJson(registration(address, device), { pushToken }, authorized(address));
  if (status !== 200 && status !== 201) throw unexpected("Register task", address, status);
  return status;
}

export async function unregister(address, device) {
  const { status } = await request("DELETE", registration(address, device), { headers: authorized(address) });
  if (status !== 200) throw unexpected("Unregister task", address, status);
}

/** What changed since `tag` (null: ever): {serialNumbers, lastUpdated}; null: nothing. */
export async function listChanged(url, passTypeIdentifier, device, tag) {
  const since = tag === null ? "" : `?passesUpdatedSince=${encodeURIComponent(tag)}`;
  const answer = await request(
    "GET",
    `${base(url)}/devices/${encodeURIComponent(device)}/registrations/${encodeURIComponent(passTypeIdentifier)}${since}`,
  );
  const task = `Get serial #s task (pass type ${passTypeIdentifier})`;
  if (answer.status === 204) return null;
  if (answer.status !== 200)
    throw new ServerWrong(`${task} encountered error: Unexpected response code ${answer.status}`, isPassing(answer.status));
  const { serialNumbers, lastUpdated } = members(answer);
  if (!Array.isArray(serialNumbers) || !serialNumbers.every((one) => typeof one === "string")) {
    throw new ServerWrong(`${task} encountered error: the response has no list of serialNumbers`);
  }
  if (typeof lastUpdated !== "string" || !lastUpdated)
    throw new ServerWrong(`${task} encountered error: the response has no lastUpdated tag that is a string`);
  if (!serialNumbers.length) throw new ServerWrong(`${task} encountered error: an empty list where 204 without a body belongs`);
  if (lastUpdated === tag) {
    throw new ServerWrong(
      `Response to 'What changed?' included ${serialNumbers.length} serial numbers but the lastUpdated tag (${tag}) remained the same.`,
    );
  }
  return { serialNumbers, lastUpdated };
}

/** The pass as the server has it now: {data, lastModified}; null: not modified. */
export async function fetchPass(address, ifModifiedSince) {
  const headers = ifModifiedSince === null ? authorized(address) : { ...authorized(address), "If-Modified-Since": ifModifiedSince };
  const answer = await request("GET", `${base(address.url)}/passes/${path(address)}`, { headers });
  if (answer.status === 304 && ifModifiedSince !== null) return null;
  if (answer.status !== 200) throw unexpected("Get pass task", address, answer.status);
  if (answer.contentType !== PASS_TYPE) throw invalidPass(address, `its Content-Type is ${answer.contentType || "missing"}`);
  return { data: answer.body, lastModified: answer.header("last-modified") };
}

/** What the user typed beside a pass, and a token of the phone's; gives the server's signature over that. Nobody is authorized here:
 *  the serial number is all that a phone knows of such a pass. */
export async function personalize(address, personalizationToken, requiredPersonalizationInfo) {
  const members = { personalizationToken, requiredPersonalizationInfo };
  const answer = await postJson(`${base(address.url)}/passes/${path(address)}/personalize`, members);
  if (answer.status !== 200) throw unexpected(PERSONALIZE, address, answer.status);
  return answer.body;
}

export const notPersonalized = (address, reason) =>
  new ServerWrong(`${taskOf(PERSONALIZE, address)} encountered error: ${reason}`);

/** Sends a complaint; gives the status. */
export const log = async (url, text) => (await postJson(`${base(url)}/log`, { logs: [text] })).status;

export const invalidPass = (address, reason) =>
  new ServerWrong(`${taskOf("Get pass task", address)} encountered error: Received invalid pass data (${reason})`);

export const missingLastModified = (address) =>
  `${taskOf("Get pass task", address)}: Server returned the pass data but did not provide a last-modified header`;

export const unchangedAlthoughListed = (serialNumber) =>
  `Server requested update to serial number '${serialNumber}', but the pass was unchanged.`;

const unexpected = (task, address, status) =>
  new ServerWrong(`${taskOf(task, address)} encountered error: Unexpected response code ${status}`, isPassing(status));

const taskOf = (task, address) => `${task} (pass type ${address.passTypeIdentifier}, serial number ${address.serialNumber})`;

const isPassing = (status) => status >= 500 || status === 429;

const authorized = (address) => ({ Authorization: `ApplePass ${address.token}` });

const base = (url) => `${url.replace(/\/+$/, "")}/v1`;

const path = (address) => `${encodeURIComponent(address.passTypeIdentifier)}/${encodeURIComponent(address.serialNumber)}`;

const registration = (address, device) =>
  `${base(address.url)}/devices/${encodeURIComponent(device)}/registrations/${path(address)}`;

function members(answer) {
  try {
    return answer.json() ?? {};
  } catch {
    return {};
  }
}
