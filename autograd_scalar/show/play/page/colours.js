// Colours, as in the picture of a network: blue for numbers below 0 and class 0, orange for those above and class 1.

/** The theme's colours as [red, green, blue], read again when the theme changes. */
const palette = {
  read() {
    const style = getComputedStyle(document.documentElement);
    const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    for (const name of ["low", "zero", "high", "ink", "line", "soft", "card"]) {
      probe.fillStyle = style.getPropertyValue(`--${name}-${dark() ? "dark" : "light"}`);
      probe.fillRect(0, 0, 1, 1);
      palette[name] = [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }
    // A scale from -1 to 1 in 255 steps, each a pixel in the byte order of image data.
    for (let k = 0; k < 255; k++) {
      const part = (k - 127) / 127, end = part < 0 ? palette.low : palette.high, share = Math.abs(part) ** 0.8;
      const [r, g, b] = palette.zero.map((from, c) => Math.round(from + (end[c] - from) * share));
      palette.scale[k] = (255 << 24) | (b << 16) | (g << 8) | r;
    }
  },
  scale: new Uint32Array(255),
};

const dark = () =>
  document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;

const css = ([r, g, b], alpha = 1) => `rgba(${r}, ${g}, ${b}, ${alpha})`;

/** The pixel for a number on a scale from -most to most; neutral grey for nan. */
function pixel(x, most) {
  if (x !== x) return palette.scale[127];
  const part = x / most;
  return palette.scale[Math.round(127 + 127 * (part > 1 ? 1 : part < -1 ? -1 : part))];
}

/** Fit a canvas to its box at the screen's resolution; return its context, in CSS pixels, and its size. */
function fitted(canvas) {
  const ratio = devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
