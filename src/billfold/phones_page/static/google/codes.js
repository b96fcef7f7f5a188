// The code that a phone draws of a Google pass right now: a rotating one by RFC 6238, else the fixed one. The time is given.
// May not enter: network. Source: reference/google-wallet.md section 1.9.

import { fromHex } from "../reading/bytes.js";
import { items, members } from "./reading.js";

const FORMATS = {
  QR_CODE: "QR", PDF_417: "PDF417", AZTEC: "Aztec", CODE_128: "Code128", CODE_39: "Code39", CODABAR: "Codabar",
  EAN_8: "EAN8", EAN_13: "EAN13", ITF_14: "ITF14", UPC_A: "UPCA", DATA_MATRIX: "DataMatrix", TEXT_ONLY: "Text",
}; // prettier-ignore

/** {format, message, text} at `nowMs`, with `periodMs` where it changes by itself; null where there is none. */
export async function codeAt(object, nowMs) {
  const rotating = members(object.rotatingBarcode),
    fixed = members(object.barcode);
  const details = members(rotating.totpDetails),
    parameters = items(details.parameters),
    periodMs = Number(details.periodMillis);
  if (parameters.length && periodMs > 0 && parameters.every((one) => /^([0-9a-f]{2})+$/i.test(one.key ?? ""))) {
    return {
      format: FORMATS[rotating.type] ?? "Text",
      message: await valueAt(rotating, parameters, periodMs, nowMs),
      text: rotating.alternateText ?? "",
      periodMs,
    };
  }
  if (!fixed.value) return null;
  return { format: FORMATS[fixed.type] ?? "Text", message: String(fixed.value), text: fixed.alternateText ?? "" };
}

async function valueAt(rotating, parameters, periodMs, nowMs) {
  let text = String(rotating.valuePattern ?? "")
    .replaceAll("{totp_timestamp_millis}", String(nowMs))
    .replaceAll("{totp_timestamp_seconds}", String(Math.floor(nowMs / 1000)));
  for (const [number, { key, valueLength }] of parameters.entries()) {
    text = text.replaceAll(`{totp_value_${number}}`, await digits(fromHex(key), Math.floor(nowMs / periodMs), Number(valueLength)));
  }
  return text;
}

async function digits(secret, counter, length) {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
  const moment = new DataView(new ArrayBuffer(8));
  moment.setBigUint64(0, BigInt(counter));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, moment.buffer));
  const number = mac.getUint32(mac.getUint8(19) % 16) & 0x7fffffff;
  return String(number % 10 ** length).padStart(length, "0");
}
