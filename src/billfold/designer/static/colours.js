// Contrast of two colours, and sets of three that go together. Source: WCAG 2.2, relative luminance and contrast ratio.
// May not enter: the page.

/** Ground, texts, labels. */
export const PRESETS = [
  ["#14532d", "#ffffff", "#bbf7d0"],
  ["#0f4c5c", "#ffffff", "#a7e3ef"],
  ["#1e3a8a", "#ffffff", "#c7d7ff"],
  ["#4c1d95", "#ffffff", "#ddd0ff"],
  ["#831843", "#ffffff", "#fbcfe8"],
  ["#7c2d12", "#fff7ed", "#fed7aa"],
  ["#18181b", "#ffffff", "#d4d4d8"],
  ["#f4efe6", "#2b2118", "#6b5540"],
  ["#fde047", "#1c1917", "#57430a"],
  ["#ffffff", "#111827", "#4b5563"],
];

export const isColour = (text) => /^#[0-9a-f]{6}$/i.test(text ?? "");

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** 1 to 21; texts want 4.5. */
export function contrast(first, second) {
  if (!isColour(first) || !isColour(second)) return 21;
  const [dark, light] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
