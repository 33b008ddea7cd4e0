// Buttons, keys, search, and changes of the leaves.

function move(node, value) {
  dropQuestion();
  state.data[node] = value;
  subject = node;
  update();
}

function nudge() {
  const whole = gradients(), rate = entered(byId("rate"));
  if (rate === null) { byId("outcome").textContent = `the learning rate is not a number: ${byId("rate").title}`; return; }
  const ticked = leaves.filter((node) => state.ticked.has(node)), before = now.values[root];
  if (!state.trace.length) state.trace = [before];
  let predicted = 0;
  state.rate = rate;
  ticked.forEach((node) => { predicted -= rate * whole[node] ** 2; state.data[node] -= rate * whole[node]; });
  dropQuestion();
  state.time = LAST;
  compute();
  state.trace.push(now.values[root]);
  update();
  const name = graph.names[root];
  byId("outcome").textContent = `${name}: ${format(before, 6)} → ${format(now.values[root], 6)}. Predicted change ` +
    `${format(predicted)}, actual change ${format(now.values[root] - before)}.`;
}

function reset() {
  dropQuestion();
  state.data = original();
  state.trace = [];
  byId("outcome").textContent = "";
  update();
}

// ----- search -----

let lastFound = -1;
function find(text, again) {
  const wanted = text.trim().toLowerCase();
  const matches = !wanted ? [] : graph.ops.flatMap((op, node) =>
    `${graph.names[node]} ${op} ${graph.symbols[node]}`.toLowerCase().includes(wanted) ? [node] : []);
  const sight = new Set(picture.boxes.flatMap((box) => box.members));
  const found = matches.filter((node) => sight.has(node));
  picture.boxes.forEach((box) => box.box.classList.toggle("found", box.members.some((node) => found.includes(node))));
  if (!found.length) { if (wanted) say(`no value in this view matches ${text}`); return; }
  lastFound = again ? (lastFound + 1) % found.length : 0;
  choose(found[lastFound], false);
  const box = picture.boxes.find((one) => one.members.includes(state.chosen));
  state.camera.fitted = false;
  panTo(box);
  say(`${lastFound + 1} of ${found.length}: ${described(box)}`);
}

const say = (text) => { byId("status").textContent = text; };

// ----- controls -----

const SHAPES = {
  first: "M3 3h2v12H3zM15 3v12L6 9z", back: "M12 3v12L4 9zM13 3h2v12h-2z", play: "M4 2.5v13L15 9z", pause: "M4 3h4v12H4zM10 3h4v12h-4z",
  next: "M6 3v12l8-6zM3 3h2v12H3z", last: "M3 3v12l9-6zM13 3h2v12h-2z",
};
const icon = (name) => svg("svg", { viewBox: "0 0 18 18", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: SHAPES[name] }));

const isDark = () => (state.theme ? state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
function paintTheme() {
  if (state.theme) document.documentElement.dataset.theme = state.theme; else delete document.documentElement.dataset.theme;
  byId("theme").textContent = isDark() ? "light" : "dark";
}

function save() {
  const source = standalone(picture, getComputedStyle(document.body).backgroundColor);
  const link = html("a", { href: URL.createObjectURL(new Blob([source], { type: "image/svg+xml" })), download: "graph.svg" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function keys(open) {
  byId("keys").hidden = !open;
  byId("help").setAttribute("aria-expanded", open);
}

// The first view is the network, else the most detailed that can be read when it is shown whole.
measure();
const readable = wholeViews.find((view) => view[8]) || wholeViews.find((view) => viewZoom(view) > 0.6) || wholeViews.reduce((a, b) => (viewZoom(b) > viewZoom(a) ? b : a));
const initialView = graph.views.indexOf(readable);
const on = (id, type, act) => byId(id).addEventListener(type, act);
for (const [id, act] of Object.entries({
  first: () => go(0), back: () => step(-1), play: toggle, next: () => step(1), last: () => go(LAST), nudge, reset,
  in: () => zoomBy(1.25), out: () => zoomBy(0.8), fit: () => { fit(); saveAddress(); }, svg: save,
  help: () => keys(byId("keys").hidden), reveal: () => checkAnswer(""),
  theme: () => { state.theme = isDark() ? "light" : "dark"; paintTheme(); saveAddress(); },
})) on(id, "click", act);
for (const id of ["first", "back", "play", "next", "last"]) byId(id).append(icon(id));
on("time", "input", () => { play(false); go(Number(byId("time").value)); });
on("question", "submit", (event) => { event.preventDefault(); checkAnswer(byId("answer").value); });
on("rate", "input", () => { const rate = entered(byId("rate")); if (rate !== null) { state.rate = rate; updateSlope(); saveAddress(); } });
on("predict", "change", () => { state.predict = byId("predict").checked; dropQuestion(); update(); });
on("speed", "change", () => play(Boolean(playing)));
on("view", "change", () => setView(Number(byId("view").value)));
on("search", "input", () => find(byId("search").value, false));
on("search", "keydown", (event) => { if (event.key === "Enter") find(byId("search").value, true); });

function chooseNext(direction) {
  const places = picture.boxes.map((box) => (box.node >= 0 ? box.node : box.out >= 0 ? box.out : box.members.at(-1)));
  const here = picture.boxes.findIndex((box) => box.members.includes(focus()));
  choose(places[(here + direction + places.length) % places.length]);
}

const KEYS = {
  ArrowRight: () => step(1), ArrowLeft: () => step(-1), ArrowDown: () => chooseNext(1), ArrowUp: () => chooseNext(-1),
  Home: () => go(0), End: () => go(LAST), f: () => go(count), " ": toggle, p: () => byId("predict").click(), n: nudge,
  "[": () => shift(-0.02), "]": () => shift(0.02), "{": () => shift(-0.2), "}": () => shift(0.2),
  "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: () => fit(), "/": () => byId("search").focus(),
  "?": () => keys(byId("keys").hidden),
};
addEventListener("keydown", (event) => {
  const at = document.activeElement, typing = at.matches("input:not([type=checkbox]), select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (!byId("keys").hidden) keys(false);
    else if (question) dropQuestion(), update(), byId("graph").focus();
    else if (typing) find((byId("search").value = "")), byId("graph").focus();
    else if (state.chosen >= 0) choose(-1), byId("graph").focus();
    else if (graph.views[state.view][1]) setView(outer());
    return;
  }
  if (typing) return;
  if (question && question.choices && question.choices.has(event.key)) { event.preventDefault(); checkChoice(question.choices.get(event.key)); return; }
  const box = picture.boxes.find((one) => one.box === at);
  if ((event.key === "Enter" || event.key === " ") && at.matches("button, summary, input")) return;
  const arrows = { ArrowRight: [-60, 0], ArrowLeft: [60, 0], ArrowDown: [0, -60], ArrowUp: [0, 60] };
  const act = event.shiftKey && arrows[event.key] ? () => pan(...arrows[event.key])
    : event.key === "Enter" && box ? () => (box.group ? open(box) : choose(box.node)) : KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});
// A notebook's frame may have no size at first: the initial camera waits for it.
new ResizeObserver(() => {
  const { width } = stage;
  measure();
  if (width && !state.camera.fitted) return;
  if (width === stage.width || picture.isDown === goesDown(graph.views[state.view])) fit();
  else setView(state.view);
}).observe(byId("graph"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintTheme);

byId("time").max = LAST;
byId("forward").style.flexGrow = count;
byId("backward").style.flexGrow = count + 1;
byId("by").textContent = `∂${graph.names[root]}`;
byId("graph").tabIndex = 0;
graph.views.forEach((view, place) => byId("view").append(html("option", { value: place }, view[0])));
byId("views").hidden = graph.views.length < 2;
if (graph.training) replay = training(graph, graph.training, state, update);
addEventListener("hashchange", readAddress);
readAddress();

// Access for tests.
globalThis.explorer = {
  // The values and gradients of a graph for the data of its leaves; by default of this page's graph, as shown.
  numbers(other = null, data = null) {
    const chosen = other ? prepare(other) : graph;
    const values = evaluate(chosen, (data || (other ? chosen : state).data).map(Number));
    return [values, propagate(chosen, localDerivatives(chosen, values), chosen.operations.length).grads].map((list) => list.map(String));
  },
  math,
  rows,
};
