// Functions that rows call and Math lacks, or computes differently from C. Tests compare them with mpmath.
const math = {
  div: (x, y) => x / y,

  // Parts divided by their sum if it is positive and finite, else the parts.
  shares(parts) {
    const total = parts.reduce((sum, part) => sum + part, 0);
    return total > 0 && total < Infinity ? parts.map((part) => part / total) : parts;
  },

  // In C, 1 to any power is 1, and -1 to an infinite power is 1; Math.pow returns NaN.
  pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y)),

  exp2: (x) => math.pow(2, x),
  fmod: (x, y) => x % y,

  // Round half to even; Math.round rounds half up.
  round(x) {
    const up = Math.round(x);
    return Math.abs(x % 1) === 0.5 && up % 2 !== 0 ? up - 1 : up;
  },

  // exp(-x * x) for x in [0, 28), without the rounding error of the square.
  gauss(x) {
    const head = Math.fround(x); // the square of a float32 is exact
    return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
  },

  // The series exp(-x²) Σ 2^n x^(2n+1) / (2n+1)!! has positive terms only, so nothing cancels.
  erf(x) {
    if (!(Math.abs(x) < 1)) return x > 0 ? 1 - math.erfc(x) : x < 0 ? math.erfc(-x) - 1 : x;
    let term = x, total = x;
    for (let n = 1; n < 30; n++) total += term *= (2 * x * x) / (2 * n + 1);
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * total;
  },

  // From 0.5 on, the continued fraction 1 / (x + 1/2 / (x + 2/2 / (x + 3/2 / ...))), evaluated from its end.
  erfc(x) {
    if (!(x >= 0.5)) return 1 - math.erf(x);
    if (x >= 28) return 0;
    let fraction = x;
    for (let n = Math.ceil(20 + 160 / (x * x)); n > 0; n--) fraction = x + n / 2 / fraction;
    return math.gauss(x) / (fraction * Math.sqrt(Math.PI));
  },
};
const rows = Object.create(null);
