// What components look by: things that tell when they changed, the time, pictures out of a file. May not enter: what is drawn.

import { useEffect, useMemo, useState } from "billfold/html.js";

/** Draws again whenever `thing` (a phone, the shelf) tells that it changed. */
export function useChanges(thing) {
  const [, again] = useState(0);
  useEffect(() => thing.subscribe(() => again((count) => count + 1)), [thing]);
}

/** The time, anew every `seconds`. */
export function useNow(seconds) {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return now;
}

/** An address for the bytes of a PNG, as long as the component is there; null without bytes. */
export function usePicture(bytes) {
  const address = useMemo(() => bytes && URL.createObjectURL(new Blob([bytes], { type: "image/png" })), [bytes]);
  useEffect(() => () => address && URL.revokeObjectURL(address), [address]);
  return address ?? null;
}
