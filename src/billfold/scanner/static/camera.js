// A camera that looks for barcodes: opens the rear one, looks at four to five frames a second, tells each code once.
// May not enter: how codes are found in a frame (decoder.js), what a code means.

const EVERY_MS = 220;
const SAME_AGAIN_MS = 3000;

/** What hinders a camera: "denied", "none", "busy" or "insecure" (a browser gives cameras to https and localhost alone). */
export class CameraTrouble extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

const TROUBLES = { NotAllowedError: "denied", NotFoundError: "none", OverconstrainedError: "none", NotReadableError: "busy" };

async function open() {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraTrouble("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    throw new CameraTrouble(TROUBLES[error.name] ?? "busy");
  }
}

/** Tells a text once while its code stays in view, and again when it was away for `SAME_AGAIN_MS`, or at once where `tell` gives
 * false: nobody listened. `before`: was told already. */
export function onlyNew(tell, before = "", now = () => performance.now()) {
  const seen = new Map([[before, now()]]);
  return (text) => {
    const at = now();
    const again = at - (seen.get(text) ?? -Infinity) < SAME_AGAIN_MS;
    if (again || tell(text) !== false) seen.set(text, at);
  };
}

/**
 * Shows the camera in `video` and calls `found(text)`. Gives {stop(), torch}: `torch(on)` switches the lamp, null where there is none.
 * Raises CameraTrouble.
 */
export async function watch(video, decoder, found) {
  const stream = await open();
  const track = stream.getVideoTracks()[0];
  let going = true;
  video.srcObject = stream;
  await video.play().catch(() => {}); // stopped before it began

  async function look() {
    if (!going) return;
    const begun = performance.now();
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth) {
      const texts = await decoder.find(video).catch((error) => (console.warn("decoder:", error.message), []));
      if (going) texts.filter(Boolean).forEach(found);
    }
    if (going) setTimeout(look, Math.max(20, EVERY_MS - (performance.now() - begun)));
  }
  look();

  return {
    torch: track.getCapabilities?.().torch ? (on) => track.applyConstraints({ advanced: [{ torch: on }] }) : null,
    stop() {
      going = false;
      video.srcObject = null;
      for (const one of stream.getTracks()) one.stop();
    },
  };
}
