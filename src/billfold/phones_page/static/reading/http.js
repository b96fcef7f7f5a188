// One HTTP request as a phone makes it: no cookies, no cache, an end after a while. May not enter: what a pass is.

export const TIMEOUT_SECONDS = 30;
const BODY_BYTES_MAX = 32 * 1024 * 1024;

/** No answer that HTTP would recognise: refused, cut, or too late. */
export class Unreachable extends Error {}

/** {url, status, contentType, header(name), body: Uint8Array, json()}. Throws Unreachable. */
export async function request(method, url, { headers = {}, body, timeoutSeconds = TIMEOUT_SECONDS } = {}) {
  try {
    const response = await fetch(url, {
      method,
      headers,
      body,
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length > BODY_BYTES_MAX) throw new Unreachable(`${originOf(url)} sends more than ${BODY_BYTES_MAX} bytes`);
    return {
      url: response.url || url,
      status: response.status,
      contentType: (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase(),
      header: (name) => response.headers.get(name),
      body: bytes,
      json: () => JSON.parse(new TextDecoder().decode(bytes)),
    };
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    if (error.name === "TimeoutError") throw new Unreachable(`no answer from ${originOf(url)} within ${timeoutSeconds} seconds`);
    throw new Unreachable(`cannot reach ${originOf(url)}`);
  }
}

export const postJson = (url, members, headers = {}) =>
  request("POST", url, { headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(members) });

function originOf(url) {
  try {
    return new URL(url).origin;
  } catch {
    return "that address";
  }
}
