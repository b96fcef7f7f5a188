// Tells by ear and hand what the screen shows: one high tone for yes, two low ones for no, three short for "look here".
// May not enter: what happened.

const TONES = { yes: [[880, 0, 0.14]], no: [[220, 0, 0.2], [180, 0.26, 0.3]], look: [[520, 0, 0.08], [520, 0.14, 0.08], [520, 0.28, 0.08]] };
const SHAKES = { yes: [60], no: [180, 80, 180], look: [60, 60, 60, 60, 60] };
let sound = null;

/** `kind`: "yes", "no" or "look". Silent where the browser wants a touch first, or has no such thing. */
export function tell(kind) {
  navigator.vibrate?.(SHAKES[kind]);
  if (!navigator.userActivation?.hasBeenActive || !("AudioContext" in self)) return;
  sound ??= new AudioContext();
  sound.resume?.();
  for (const [frequency, after, seconds] of TONES[kind]) {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    const at = sound.currentTime + after;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.2, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + seconds);
    tone.connect(volume).connect(sound.destination);
    tone.start(at);
    tone.stop(at + seconds);
  }
}
