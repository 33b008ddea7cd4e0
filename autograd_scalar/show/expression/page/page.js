// The page: a text, its graph, the values of its names, and their pictures.

const data = JSON.parse(document.getElementById("expression-data").textContent);
const byId = (id) => document.getElementById(id);
const element = (name, text = "") => Object.assign(document.createElement(name), { textContent: text });

/** A number in at most five digits. */
function short(x) {
  if (!Number.isFinite(x)) return String(x).replace("Infinity", "∞").replace("-", "−");
  const size = Math.abs(x);
  const text = size && (size < 1e-4 || size >= 1e6) ? x.toExponential(3) : String(Number(x.toPrecision(5)));
  return text.replaceAll("-", "−");
}

/** A shape of SVG with attributes, and text if given. */
function shape(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const app = {
  /** The numbers of names, kept while the text changes. */
  numbers: new Map(),
  /** The name on the horizontal axis of the plot. */
  over: null,

  start() {
    const { text, values } = this.recalled();
    this.numbers = new Map(Object.entries(values));
    for (const example of data.examples) {
      const button = element("button", example);
      button.addEventListener("click", () => {
        byId("text").value = example;
        this.read();
      });
      byId("examples").append(button);
    }
    byId("text").value = text;
    byId("text").addEventListener("input", () => this.read());
    byId("theme").append(shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }));
    byId("theme").firstChild.append(shape("path", { d: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18" }));
    byId("theme").addEventListener("click", () => {
      const { dataset } = document.documentElement, isDark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      dataset.theme = isDark ? "light" : "dark";
    });
    new ResizeObserver(() => this.graph && this.drawPlot()).observe(byId("plot"));
    byId("plot").addEventListener("pointerdown", (event) => this.drag(event));
    byId("plot").addEventListener("pointermove", (event) => event.buttons && this.drag(event));
    this.read();
  },

  /** Take the text and numbers from the address; the page's own where it has none. */
  recalled() {
    const found = new URLSearchParams(location.hash.slice(1));
    const values = Object.fromEntries(Object.entries(data.values).map(([name, x]) => [name, Number(x)])); // "NaN" is no number in JSON
    for (const [name, text] of found) if (name !== "=" && text.trim() && Number.isFinite(Number(text))) values[name] = Number(text);
    return { text: found.get("=") ?? data.text, values };
  },

  remember() {
    const kept = new URLSearchParams({ "=": byId("text").value });
    for (const [name, node] of this.graph.leaves) kept.set(name, this.graph.data[node]);
    try {
      history.replaceState(null, "", `#${kept}`);
    } catch {
      // In a frame without an address of its own.
    }
  },

  /** Read the text; if it has an error, keep the previous graph and say what is wrong. */
  read() {
    const input = byId("text");
    try {
      this.graph = graphOf(input.value, data.table);
      this.graph.downstream = [];
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      input.setAttribute("aria-invalid", "true");
      byId("problem").textContent = error.message;
      return;
    }
    input.removeAttribute("aria-invalid");
    byId("problem").textContent = "";
    for (const [name, node] of this.graph.leaves) if (this.numbers.has(name)) this.graph.data[node] = this.numbers.get(name);
    const names = [...this.graph.leaves.keys()].filter((name) => !(name in CONSTANTS) || this.numbers.has(name));
    if (!names.includes(this.over)) this.over = names[0] ?? null;
    this.buildNames(names);
    this.buildPicture();
    this.compute();
  },

  buildNames(names) {
    byId("names").querySelector("tbody").replaceChildren(...names.map((name) => {
      const row = element("tr"), number = element("input"), slider = element("input"), pick = element("button", name);
      pick.title = name; // which the button cuts off if it is long
      pick.setAttribute("aria-label", `plot y against ${name}`);
      pick.addEventListener("click", () => {
        this.over = name;
        this.compute();
      });
      number.setAttribute("aria-label", `value of ${name}`);
      number.inputMode = "decimal";
      number.addEventListener("input", () => {
        const x = number.value.trim() ? Number(number.value) : NaN;
        number.setAttribute("aria-invalid", x !== x);
        if (x === x) this.set(name, x, number);
      });
      Object.assign(slider, { type: "range", step: "0.01" });
      slider.setAttribute("aria-label", `slider of ${name}`);
      slider.addEventListener("input", () => this.set(name, Number(slider.value), slider));
      for (const part of [pick, number, slider]) row.append(element("td")), row.lastChild.append(part);
      row.append(Object.assign(element("td"), { className: "slope" }));
      row.dataset.name = name;
      return row;
    }));
  },

  /** Set a name to a number; the control that it comes from is not rewritten. */
  set(name, x, from) {
    this.numbers.set(name, x);
    this.graph.data[this.graph.leaves.get(name)] = x;
    this.compute(from);
  },

  compute(from) {
    const { graph } = this;
    this.values = evaluate(graph, graph.data);
    this.grads = propagate(graph, localDerivatives(graph, this.values), graph.operations.length).grads;
    byId("result").textContent = `= ${short(this.values.at(-1))}`;
    for (const row of byId("names").querySelectorAll("tbody tr")) {
      const node = graph.leaves.get(row.dataset.name), x = graph.data[node], [pick, number, slider] = row.querySelectorAll("button, input");
      pick.setAttribute("aria-pressed", row.dataset.name === this.over);
      if (number !== from) number.value = String(x);
      const reach = Math.max(5, Math.abs(Number.isFinite(x) ? x : 5));
      if (slider !== from) Object.assign(slider, { min: -reach, max: reach, value: x });
      row.querySelector(".slope").textContent = short(this.grads[node]);
    }
    this.fillPicture();
    this.drawPlot();
    this.remember();
  },

  // ----- the graph -----

  buildPicture() {
    const { graph } = this, { places, ways, width, height } = placed(graph), picture = byId("picture");
    picture.replaceChildren();
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("aria-label", `graph of ${graph.ops.length} values`);
    picture.style.minWidth = `${0.8 * width}px`;
    picture.style.maxWidth = `${1.6 * width}px`;
    for (const way of ways.flat()) picture.append(shape("path", { d: pathOf(way, places) }));
    this.boxes = graph.ops.map((op, node) => {
      const [x, y] = places[node], group = shape("g", { class: op ? "" : "leaf" });
      group.append(shape("rect", { class: "box", x: x - BOX.width / 2, y: y - BOX.height / 2, width: BOX.width, height: BOX.height, rx: 7 }));
      const name = op ? data.table.rules[op]?.symbol ?? op : graph.labels[node];
      const value = shape("text", { class: "value", x: x - BOX.width / 2 + 8, y: name ? y - 3 : y + 4 }), grad = shape("text", { class: "grad", x: x + BOX.width / 2 - 8, y: y + 15, "text-anchor": "end" });
      group.append(value, grad);
      if (name) {
        value.setAttribute("x", x + BOX.width / 2 - 8);
        value.setAttribute("text-anchor", "end");
        group.append(shape("text", { class: "name", x: x - BOX.width / 2 + 8, y: y - 3 }, name.length > 6 ? `${name.slice(0, 5)}…` : name));
      }
      picture.append(group);
      return { value, grad, isNumber: !op && !name };
    });
  },

  fillPicture() {
    this.boxes.forEach(({ value, grad, isNumber }, node) => {
      value.textContent = short(this.values[node]);
      grad.textContent = isNumber ? "" : short(this.grads[node]);
    });
  },

  // ----- the slope -----

  /** Plot y against the chosen name: the curve, and the tangent and the point at its present value. */
  drawPlot() {
    const plot = byId("plot"), title = byId("slope").querySelector("h2"), node = this.graph.leaves.get(this.over);
    plot.replaceChildren();
    if (node === undefined) {
      title.textContent = "Type a name, such as x, to see a slope";
      return;
    }
    const { clientWidth: width, clientHeight: height } = plot, x = this.graph.data[node], y = this.values.at(-1), slope = this.grads[node];
    title.textContent = `∂y/∂${this.over} = ${short(slope)}`;
    if (!Number.isFinite(x) || !width) return;
    const reach = Math.min(Number.MAX_VALUE, Math.max(5, Math.abs(x) * 1.2)), points = [];
    for (let k = 0; k <= 240; k++) {
      const at = reach * (k / 120 - 1);
      points.push([at, rootAt(this.graph, this.values, node, at)]);
    }
    const finite = points.map((point) => point[1]).filter(Number.isFinite).sort((a, b) => a - b);
    if (!finite.length) return;
    const [least, middle, most] = [0.03, 0.5, 0.97].map((share) => finite[Math.floor(finite.length * share)]);
    const seen = Number.isFinite(y) ? y : middle;
    let low = Math.min(least, seen), high = Math.max(most, seen);
    if (!(high > low)) [low, high] = [low - 1, high + 1];
    const margin = (high - low) * 0.12, span = high - low + 2 * margin;
    if (span === Infinity) return; // taller than the range of doubles
    this.scale = { left: -reach, right: reach, width };
    const place = ([u, v]) => [((u / reach + 1) / 2) * width, height - ((v - low + margin) / span) * height];
    const line = (name, [a, b], [c, d]) => {
      if ([a, b, c, d].every(Number.isFinite)) plot.append(shape("line", { class: name, x1: a, y1: b, x2: c, y2: d }));
    };
    line("axis", place([-reach, 0]), place([reach, 0]));
    line("axis", [place([0, 0])[0], 0], [place([0, 0])[0], height]);
    let path = "", pen = "M";
    for (const point of points) {
      const [u, v] = place(point);
      if (!Number.isFinite(v) || Math.abs(v) > 50 * height) pen = "M";
      else {
        path += `${pen}${u.toFixed(1)} ${v.toFixed(1)}`;
        pen = "L";
      }
    }
    plot.append(shape("path", { class: "curve", d: path }));
    if (Number.isFinite(y)) {
      line("tangent", place([x - reach / 3, y - (slope * reach) / 3]), place([x + reach / 3, y + (slope * reach) / 3]));
      const [cx, cy] = place([x, y]);
      plot.append(shape("circle", { cx, cy, r: 6 }));
    }
    for (const [at, anchor] of [[-reach, "start"], [reach, "end"]]) plot.append(shape("text", { x: place([at, 0])[0], y: height - 4, "text-anchor": anchor }, short(at)));
    plot.setAttribute("aria-label", `y against ${this.over}: ${short(y)} at ${short(x)}, slope ${short(slope)}`);
  },

  /** Move the chosen name to where the pointer is. */
  drag(event) {
    if (!this.scale || this.over === null) return;
    const box = byId("plot").getBoundingClientRect(), { left, right } = this.scale;
    const share = (event.clientX - box.left) / box.width, x = left * (1 - share) + right * share;
    this.set(this.over, Number(Math.max(left, Math.min(right, x)).toFixed(2)));
  },
};

window.expressions = { app, graphOf, evaluate, localDerivatives, propagate, ParseError };
app.start();
