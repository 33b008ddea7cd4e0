// Buttons, menus, keys, and the address, which keeps the state.

const RATES = [0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
/** Steps per second; the last is as many as there is time for. */
const SPEEDS = { "1 step/s": 1, "5 steps/s": 5, "30 steps/s": 30, "200 steps/s": 200, "full speed": Infinity };
const BATCHES = { all: 0, 1: 1, 10: 10, 32: 32 };
const ICONS = {
  reset: "M4 4v5h5M4.6 9A8 8 0 1 1 4 13",
  play: "M7 4l13 8-13 8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  step: "M5 4l10 8-10 8zM17 4h3v16h-3z",
  theme: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
};

const byId = (id) => document.getElementById(id);

/** Put an icon in a button. */
function icon(button, name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.toggle("line", name === "reset" || name === "theme");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  button.replaceChildren(svg);
}

function menu(id, options, chosen, change) {
  const select = byId(id);
  for (const text of options) select.append(new Option(words(String(text)), text));
  select.value = chosen;
  select.addEventListener("change", () => change(select.value));
}

/** Radio buttons with a picture or text; returns a function that checks one. */
function choices(box, names, decorate, change) {
  const buttons = names.map((name) => {
    const button = element("button", "choice");
    button.setAttribute("role", "radio");
    button.dataset.name = name;
    decorate(button, name);
    button.addEventListener("click", () => change(name));
    box.append(button);
    return button;
  });
  return (chosen) => buttons.forEach((button) => button.setAttribute("aria-checked", button.dataset.name === chosen));
}

/** Small pictures of the data sets. */
function preview(button, name) {
  const canvas = element("canvas"), { points, labels } = data.sets[name], bounds = boundsOf(points);
  canvas.width = canvas.height = 72;
  const context = canvas.getContext("2d");
  points.forEach(([x, y = 0], k) => {
    context.fillStyle = css(labels[k] ? palette.high : palette.low);
    context.fillRect((72 * (x - bounds[0])) / (bounds[1] - bounds[0]) - 2, (72 * (bounds[3] - y)) / (bounds[3] - bounds[2]) - 2, 4, 4);
  });
  button.replaceChildren(canvas, element("span", "", name));
}

const BRUSHES = ["look", "class 0", "class 1", "erase"];

function connect(app) {
  const { settings } = app;
  icon(byId("reset"), "reset");
  icon(byId("play"), "play");
  icon(byId("step"), "step");
  icon(byId("theme"), "theme");
  byId("reset").addEventListener("click", () => app.reset());
  byId("play").addEventListener("click", () => app.toggle());
  byId("step").addEventListener("click", () => app.step());
  byId("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    app.recolour();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.recolour());
  menu("rate", RATES.includes(settings.rate) ? RATES : [...RATES, settings.rate], settings.rate, (text) => app.set({ rate: Number(text) }));
  menu("activation", Object.keys(activations), settings.activation, (activation) => app.set({ activation }));
  menu("objective", Object.keys(losses), settings.loss, (loss) => app.set({ loss }));
  menu("optimizer", Object.keys(OPTIMIZERS), settings.optimizer, (optimizer) => app.set({ optimizer }));
  menu("batch", Object.keys(BATCHES), Object.keys(BATCHES).find((name) => BATCHES[name] === settings.batch) ?? "all", (name) => app.set({ batch: BATCHES[name] }));
  menu("speed", Object.keys(SPEEDS), "full speed", (name) => (app.speed = SPEEDS[name]));
  const checkSet = choices(byId("sets"), Object.keys(data.sets), preview, (name) => app.useSet(name));
  const checkBrush = choices(byId("brushes"), BRUSHES, (button, name) => {
    button.append(element("span", `swatch ${name.replace(" ", "")}`), element("span", "", name));
  }, (name) => app.useBrush(name));
  app.onChange = () => {
    checkSet(app.settings.data);
    checkBrush(app.brush);
    [0, 1].forEach((label) => (byId("brushes").children[1 + label].lastChild.textContent = app.nameOfClass(label)));
    heads(app);
    remember(app);
  };
  byId("plane").addEventListener("click", (event) => app.touch(app.plane.under(event, app.bounds)));
  new ResizeObserver(() => app.resize()).observe(byId("net"));
  document.addEventListener("keydown", (event) => press(app, event));
}

/** The widths of the hidden layers, with buttons. */
function heads(app) {
  const box = byId("heads"), { layers } = app.settings;
  const key = document.activeElement?.closest("#heads") ? document.activeElement.getAttribute("aria-label") : null;
  const button = (text, label, act, disabled) => {
    const made = element("button", "", text);
    made.setAttribute("aria-label", label);
    made.disabled = disabled;
    made.addEventListener("click", act);
    return made;
  };
  const parts = layers.map((width, k) => {
    const group = element("span", "layer"), change = (by) => () => app.set({ layers: layers.map((w, j) => (j === k ? w + by : w)) });
    group.append(
      button("−", `fewer neurons in layer ${k + 1}`, change(-1), width <= 1),
      element("b", "", String(width)),
      button("+", `more neurons in layer ${k + 1}`, change(1), width >= 16),
    );
    return group;
  });
  box.replaceChildren(
    element("span", "soft", "hidden layers"), ...parts,
    button("− layer", "remove a layer", () => app.set({ layers: layers.slice(0, -1) }), !layers.length),
    button("+ layer", "add a layer", () => app.set({ layers: [...layers, layers.at(-1) ?? 4] }), layers.length >= 5),
  );
  if (key) box.querySelector(`[aria-label="${key}"]`)?.focus();
}

function press(app, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, input")) return;
  const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -1e9, End: 1e9 };
  if (event.key === " " && !event.target.closest("button")) app.toggle();
  else if (event.key === "s") app.step();
  else if (event.key === "r") app.reset();
  else if (event.key === "Escape") app.choose(null);
  else if (event.key === "n" || event.key === "p") app.nextSample(event.key === "n" ? 1 : -1);
  else if (app.sample && event.key in steps) app.stepSample(steps[event.key]);
  else return;
  event.preventDefault();
}

/** The settings in the address; the given ones where it has none. */
function recalled(settings) {
  const found = new URLSearchParams(location.hash.slice(1)), kept = { ...settings };
  const has = (name, known) => found.has(name) && known.includes(found.get(name));
  if (has("data", Object.keys(data.sets))) kept.data = found.get("data");
  if (has("activation", Object.keys(activations))) kept.activation = found.get("activation");
  if (has("loss", Object.keys(losses))) kept.loss = found.get("loss");
  if (has("optimizer", Object.keys(OPTIMIZERS))) kept.optimizer = found.get("optimizer");
  const widths = found.has("layers") ? found.get("layers").split(",").filter(Boolean).map(Number) : settings.layers;
  if (widths.length <= 5 && widths.every((w) => Number.isInteger(w) && w >= 1 && w <= 16)) kept.layers = widths;
  for (const name of ["rate", "batch", "seed"]) {
    const number = Number(found.get(name));
    if (found.get(name) && Number.isFinite(number) && number >= 0) kept[name] = name === "rate" ? number : Math.floor(number);
  }
  return kept;
}

function remember(app) {
  const kept = Object.entries(app.settings).filter(([name]) => name !== "data" || app.settings.data in data.sets);
  try {
    history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
  } catch {
    // In a frame without an address of its own.
  }
}
