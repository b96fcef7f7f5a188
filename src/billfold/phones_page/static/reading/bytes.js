// Bytes: compared, written as hex, hashed. May not enter: what they are.

export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** `name`: SHA-1 or SHA-256. */
export const digest = async (name, bytes) => new Uint8Array(await crypto.subtle.digest(name, bytes));

/** Strict UTF-8; throws TypeError. A byte order mark stays and is refused by whoever reads JSON. */
export const utf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

export const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);
