// Sentences and tables about the chosen neuron, weight or sample.

/** A number in at most four digits. */
function short(x) {
  if (x === undefined) return "–";
  if (!Number.isFinite(x)) return String(x).replace("Infinity", "∞").replace("-", "−");
  const size = Math.abs(x);
  const text = size && (size < 0.001 || size >= 1e5) ? x.toExponential(2) : String(Number(x.toPrecision(size < 1 ? 3 : 4)));
  return text.replaceAll("-", "−");
}

const words = (name) => name.replaceAll("_", " ");

class Panel {
  constructor(box, app) {
    this.box = box;
    this.app = app;
  }

  show() {
    const { chosen, sample } = this.app;
    const part = sample ? this.ofSample(sample) : chosen?.kind === "neuron" ? this.ofNeuron(chosen) : chosen?.kind === "weight" ? this.ofWeight(chosen) : this.guide();
    const key = document.activeElement?.closest("#panel") ? document.activeElement.dataset.key : null;
    this.box.replaceChildren(...part);
    if (key) this.box.querySelector(`[data-key="${key}"]`)?.focus();
  }

  guide() {
    const list = element("ul");
    for (const text of [
      "▶ trains. The background is the network's answer, the line its boundary.",
      "Click a neuron to see what it does, and whether gradients pass.",
      "Click a connection to see how the optimizer moves a weight.",
      "Click a point to follow it through the network and its gradient back.",
    ]) list.append(element("li", "", text));
    return [element("h2", "", "Look inside"), list];
  }

  heading(text) {
    const close = this.button("×", "close", () => this.app.choose(null));
    close.setAttribute("aria-label", "close");
    const heading = element("h2", "", text);
    heading.append(close);
    return heading;
  }

  button(text, key, act) {
    const button = element("button", "", text);
    button.dataset.key = key;
    button.addEventListener("click", act);
    return button;
  }

  /** A table; a row with `act` is a button in its first cell. */
  table(head, rows) {
    const table = element("table"), top = element("tr");
    head.forEach((text) => top.append(Object.assign(element("th", "", text), { scope: "col" })));
    table.append(element("thead"), element("tbody"));
    table.tHead.append(top);
    for (const { cells, act, key } of rows) {
      const row = element("tr");
      cells.forEach((text, k) => {
        const cell = element("td", "", act && !k ? "" : text);
        if (act && !k) cell.append(this.button(text, key, act));
        row.append(cell);
      });
      table.tBodies[0].append(row);
    }
    return table;
  }

  ofNeuron({ layer, neuron }) {
    const { network, survey, trainer } = this.app, name = nameOf(network, layer, neuron);
    const parts = [this.heading(name)];
    if (layer < 0) return [...parts, element("p", "", `${name} is an input: its heat map is the coordinate itself.`)];
    parts.push(...neuronSentences(survey, network, layer, neuron).map((text) => element("p", "", text)));
    const { nin } = network.layers[layer];
    const rows = Array.from({ length: nin + 1 }, (_, input) => {
      const k = network.index(layer, neuron, input);
      return {
        cells: [input < nin ? `w of ${nameOf(network, layer - 1, input)}` : "bias", short(network.parameters[k]), short(survey.gradient[k]), short(trainer.update[k])],
        act: () => this.app.choose({ kind: "weight", layer, neuron, input }),
        key: `weight${input}`,
      };
    });
    return [...parts, this.table(["parameter", "value", "gradient", "last change"], rows)];
  }

  ofWeight({ layer, neuron, input }) {
    const { network, trainer, survey } = this.app, k = network.index(layer, neuron, input), { nin } = network.layers[layer];
    const name = nameOf(network, layer, neuron);
    const title = input < nin ? `Weight ${nameOf(network, layer - 1, input)} → ${name}` : `Bias of ${name}`;
    const { running, settings, assignments } = data.rules[trainer.rule];
    const values = trainer.settingsOf(trainer.settings.rate, Math.max(1, trainer.counted));
    const rows = [
      { cells: ["p", "parameter", short(network.parameters[k])] },
      { cells: ["g", trainer.steps ? "its gradient at the last step" : "its gradient", short((trainer.steps ? trainer.gradient : survey.gradient)[k])] },
      ...running.map((slot, i) => ({ cells: [slot, "running number", short(trainer.running[i][k])] })),
      { cells: ["update", "last change of p", short(trainer.update[k])] },
    ];
    const numbers = settings.map((setting, i) => ({ cells: [setting, short(values[i])] }));
    const rule = element("pre", "", assignments.join("\n"));
    rule.setAttribute("aria-label", `the rule of ${trainer.settings.optimizer}`);
    const to = this.button(`neuron ${name}`, "neuron", () => this.app.choose({ kind: "neuron", layer, neuron }));
    return [this.heading(title), this.table(["number", "meaning", "value"], rows), element("p", "soft", `How ${trainer.settings.optimizer} moves it, line by line:`), rule, this.table(["setting", "value"], numbers), to];
  }

  ofSample(sample) {
    const { title, lines, head, rows } = sample.describe();
    const line = element("div", "steps");
    for (const [text, key, by] of [["⇤", "to the start", -1e9], ["←", "back", -1], ["→", "next", 1], ["⇥", "to the end", 1e9]]) {
      const button = this.button(text, key, () => this.app.stepSample(by));
      button.setAttribute("aria-label", key);
      line.append(button);
    }
    const time = Object.assign(element("input"), { type: "range", min: 0, max: sample.events.length, value: sample.time });
    time.setAttribute("aria-label", "step of the sample");
    time.dataset.key = "time";
    time.addEventListener("input", () => this.app.stepSample(Number(time.value) - sample.time));
    line.append(time);
    const parts = [this.heading(title), line, ...lines.map((text) => element("p", "", text))];
    if (rows) parts.push(this.table(head, rows.map((cells) => ({ cells }))));
    return parts;
  }
}

/** The effect of a neuron on the samples and on their gradients, in sentences. */
function neuronSentences(survey, network, layer, neuron) {
  const { nout, activation } = network.layers[layer], { pass } = survey, count = pass.rows;
  let passing = 0, total = 0, most = -Infinity;
  for (let row = 0; row < count; row++) {
    const at = row * nout + neuron, slope = pass.slopes[layer][at];
    if (slope !== 0) passing++;
    total += Math.abs(slope);
    most = Math.max(most, pass.sums[layer][at]);
  }
  if (layer === network.layers.length - 1) return ["It is the score, the weighted sum of its inputs; the sign of the score is the class."];
  if (activation === "linear") return ["It is the weighted sum of its inputs: gradients pass unchanged."];
  if (!passing) {
    const flat = activation === "relu"
      ? `It is dead: its sum w·x + b is at most ${short(most)} for all ${count} points, and relu is flat below 0.`
      : `It is dead: ${activation} is flat at its sums for all ${count} points.`;
    const end = layer ? "only a change in the layer before can wake it." : "training cannot bring it back.";
    return [flat, `So its slope is 0 everywhere, and each gradient here is upstream × 0 = 0: ${end}`];
  }
  if (activation === "relu") {
    return [`Its sum is above 0 for ${passing} of ${count} points: there relu has slope 1 and gradients pass unchanged. For the others the slope is 0, and none pass.`];
  }
  return [`The slope of ${activation} has a mean size of ${short(total / count)} over the ${count} points: each gradient is multiplied by its slope.`];
}
