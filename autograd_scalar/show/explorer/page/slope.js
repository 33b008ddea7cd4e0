// The slope view: the result plotted against one value while all others stay, with the tangent whose
// slope is the gradient, and a step of gradient descent: the predicted and the actual result.

const PLANE = { width: 360, height: 176, left: 10, right: 10, top: 20, bottom: 22, samples: 96 };
let subject = -1, plotted = ""; // the value on the horizontal axis; what the plot was made for

// The leaf that is plotted unless another value is chosen: one that a nudge moves, with an effect if there is any.
const firstSubject = () => {
  const grads = gradients();
  return leaves.find((node) => parameters.has(node) && grads[node]) ?? leaves.find((node) => grads[node]) ?? leaves[0] ?? -1;
};

// The range of the numbers of a value: of its slider, of the plot, and of a drag across its box.
function reachOf(node) {
  const size = Math.abs(now ? now.values[node] : graph.data[node]);
  if (graph.reach[node] === undefined || (Number.isFinite(size) && size > graph.reach[node])) {
    graph.reach[node] = roundUp(Math.max(1, Number.isFinite(size) ? 2 * size : 1));
  }
  return graph.reach[node];
}

// The range of the plotted results: nearly all of them, and the present one.
function heights(numbers, present) {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b), cut = Math.floor(sorted.length / 20);
  const all = [sorted[cut], sorted.at(-1 - cut), present].filter(Number.isFinite);
  const low = Math.min(...all), high = Math.max(...all), room = 0.12 * (high - low) || 1;
  return all.length ? [low - room, high + room] : [-1, 1];
}

function updateSlope() {
  if (state.chosen >= 0 && state.chosen !== root) subject = state.chosen;
  if (subject < 0) subject = firstSubject();
  const hidden = subject < 0 || Boolean(question);
  byId("slope").hidden = hidden;
  const wanted = [subject, state.rate, ...now.data].join();
  if (hidden || wanted === plotted) return;
  plotted = wanted;
  const { width, height, left, right, top, bottom, samples } = PLANE, reach = reachOf(subject);
  const at = now.values[subject], present = now.values[root], slope = gradients()[subject], rate = state.rate;
  const xs = Array.from({ length: samples + 1 }, (_, i) => reach * ((2 * i) / samples - 1));
  const ys = xs.map((x) => rootAt(graph, now.values, subject, x)), [low, high] = heights(ys, present);
  const across = (x) => left + ((x / reach + 1) / 2) * (width - left - right);
  const up = (y) => top + ((high - y) / (high - low)) * (height - top - bottom);
  const shown = (y) => Math.min(2 * height, Math.max(-height, up(y)));
  let path = "", pen = "M";
  xs.forEach((x, i) => {
    if (!Number.isFinite(ys[i])) { pen = "M"; return; }
    path += `${pen}${across(x).toFixed(1)} ${shown(ys[i]).toFixed(1)}`;
    pen = "L";
  });
  const parts = [];
  const line = (kind, x1, y1, x2, y2) => parts.push(svg("path", { class: kind, d: `M${x1} ${y1}L${x2} ${y2}` }));
  if (low < 0 && high > 0) line("axis", left, up(0), width - right, up(0));
  line("axis", across(0), top, across(0), height - bottom);
  parts.push(svg("path", { class: "graph", d: path }));
  const name = graph.names[subject] || "the constant", result = graph.names[root], told = [];
  if (Number.isFinite(slope) && Number.isFinite(present)) {
    line("tangent", left, shown(present + slope * (-reach - at)), width - right, shown(present + slope * (reach - at)));
    const next = at - rate * slope, predicted = present - rate * slope ** 2, actual = rootAt(graph, now.values, subject, next);
    told.push(`slope ∂${result}/∂${name} = ${format(slope)}`);
    if (slope && rate) {
      parts.push(svg("rect", { class: "predicted", x: across(next) - 4, y: shown(predicted) - 4, width: 8, height: 8 }));
      if (Number.isFinite(actual)) parts.push(svg("path", { class: "actual", d: `M${across(next)} ${shown(actual) - 5}l5 5l-5 5l-5 -5z` }));
      told.push(`a nudge to ${name} = ${format(next)}: predicted □ ${signed(predicted - present)}, actual ◆ ${signed(actual - present)}`);
    }
  }
  if (Number.isFinite(present)) parts.push(svg("circle", { class: "point", cx: across(at), cy: shown(present), r: 5.5 }));
  const label = (x, y, anchor, text) => parts.push(svg("text", { x, y, "text-anchor": anchor }, text));
  label(left, 13, "start", `${result} = ${format(present)}`);
  label(width - right, 13, "end", `${format(low, 2)} … ${format(high, 2)}`);
  label(left, height - 7, "start", format(-reach));
  label(across(0), height - 7, "middle", `${name} = ${format(at)}`);
  label(width - right, height - 7, "end", format(reach));
  const plane = byId("plane");
  plane.replaceChildren(...parts);
  plane.setAttribute("aria-label", `${result} against ${name}: ${told.join("; ")}`);
  plane.classList.toggle("movable", !graph.ops[subject]);
  byId("against").textContent = `${result} against ${name}`;
  byId("told").textContent = told.join("; ");
}

const signed = (x) => (x < 0 ? format(x).replace("-", "−") : `+${format(x)}`);
