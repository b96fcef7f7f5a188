// Pages refuse texts where a browser would run them (Trusted Types). Here are the addresses that may become workers: our own.
// May not enter: a way to make HTML or scripts from texts.

const policy = globalThis.trustedTypes?.createPolicy("billfold", { createScriptURL: own });

function own(address) {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin) throw new TypeError("not an address of ours");
  return url.href;
}

/** For new Worker(...) and navigator.serviceWorker.register(...). */
export function workerAddress(address) {
  return policy ? policy.createScriptURL(address) : own(address);
}
