// What this terminal may decide while it cannot ask: whose signed code is right, and how much is left of what the server granted.
// Pure but for WebCrypto; times are given. May not enter: storage, the network, what is shown.

import { isMoney } from "./amounts.js";

const SIGNED = /^BF1\.([^.]{1,128})\.(\d{1,12})\.([A-Za-z0-9_-]{86})$/;
const ONCE = new Set(["redeem", "check_in"]);

const bytes = (base64url) => Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

/** {pass_id} of a signed code that is right; {why} where it is "unsigned", "forged" or "code_expired". `key`: a JWK, EC P-256. */
export async function readSigned(code, key, now) {
  const [, passId, expires, signature] = SIGNED.exec(code) ?? [];
  if (!passId) return { why: "unsigned" };
  const way = { name: "ECDSA", namedCurve: "P-256" };
  const { kty, crv, x, y } = key ?? {};
  const trusted = key && (await crypto.subtle.importKey("jwk", { kty, crv, x, y }, way, false, ["verify"]).catch(() => null));
  const said = new TextEncoder().encode(`BF1.${passId}.${expires}`);
  const right = trusted && (await crypto.subtle.verify({ ...way, hash: "SHA-256" }, trusted, bytes(signature), said));
  if (!right) return { why: "forged" };
  if (Number(expires) && Number(expires) * 1000 <= now) return { why: "code_expired" };
  return { pass_id: passId };
}

/** What of a grant is used up by `operations`: {count, amount_minor: {unit: minor}}. */
export function used(grant, operations) {
  const mine = operations.filter((one) => one.offline && one.grant === grant);
  const sums = {};
  for (const { amounts = {} } of mine)
    for (const [unit, minor] of Object.entries(amounts)) if (isMoney(unit)) sums[unit] = (sums[unit] ?? 0) + minor;
  return { count: mine.length, amount_minor: sums };
}

/**
 * "" where the scan may be taken without the server, else why not. `granted`: {grant, count, amount_minor, expires_at, unsigned};
 * `reading`: of readSigned; `scan`: {action, amounts, scanned, known_pass}; `operations`: all that this device remembers.
 */
export function refusal({ granted, voided, reading, scan, operations, now }) {
  if (!granted?.grant) return "no_grant";
  if (Date.parse(granted.expires_at) <= now) return "grant_expired";
  if (reading.why && !(reading.why === "unsigned" && granted.unsigned)) return reading.why;
  if (reading.pass_id && voided?.includes(reading.pass_id)) return "voided";
  if (ONCE.has(scan.action) && operations.some((one) => isSame(one, scan))) return "already_here";
  const spent = used(granted.grant, operations);
  if (spent.count >= granted.count) return "count_used_up";
  for (const [unit, minor] of Object.entries(scan.amounts ?? {})) {
    if (isMoney(unit) && (spent.amount_minor[unit] ?? 0) + minor > (granted.amount_minor?.[unit] ?? 0)) return "amount_used_up";
  }
  return "";
}

function isSame(one, scan) {
  if (one.action !== scan.action || one.undo || ["declined", "refused"].includes(one.answer?.result)) return false;
  return one.scanned === scan.scanned || Boolean(scan.known_pass && one.known_pass === scan.known_pass);
}
