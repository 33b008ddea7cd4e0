// The address: the state of the page as a URL fragment, to share or to return to.

// The leaves that a nudge moves unless others are ticked.
const parameters = new Set(graph.parameters);

// The original data of the leaves, at the current epoch.
const original = () => (replay ? replay.dataAt(state.frame) : graph.data.slice());

let waiting = 0;
function saveAddress() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const words = new URLSearchParams({ t: state.time });
    if (state.view !== initialView) words.set("view", graph.views[state.view][0]);
    if (state.chosen >= 0) words.set("at", state.chosen);
    if (state.rate !== 0.05) words.set("rate", state.rate);
    if (state.predict) words.set("predict", 1);
    if (state.theme) words.set("theme", state.theme);
    if (state.frame && replay) words.set("frame", state.frame);
    const data = original();
    leaves.forEach((node) => { if (!Object.is(state.data[node], data[node])) words.set(`x${node}`, state.data[node]); });
    const ticked = leaves.filter((node) => state.ticked.has(node)).join(".");
    if (ticked !== leaves.filter((node) => parameters.has(node)).join(".")) words.set("move", ticked);
    if (!state.camera.fitted) words.set("camera", `${state.camera.x} ${state.camera.y} ${state.camera.zoom}`);
    try { history.replaceState(null, "", `#${words}`); } catch { /* a page without an address */ }
  }, 250);
}

function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1)), integer = (name, most) => {
    const number = Number(words.get(name));
    return words.has(name) && Number.isInteger(number) && number >= 0 && number <= most ? number : null;
  };
  if (replay) state.frame = integer("frame", replay.frames - 1) ?? 0;
  state.data = original();
  for (const node of leaves) if (words.has(`x${node}`)) state.data[node] = Number(words.get(`x${node}`));
  state.time = integer("t", LAST) ?? count;
  state.chosen = integer("at", root) ?? -1;
  state.rate = Number(words.get("rate")) || 0.05;
  state.predict = words.has("predict");
  state.theme = ["light", "dark"].find((theme) => theme === words.get("theme")) || "";
  const ticked = words.has("move") ? new Set(words.get("move").split(".").filter(Boolean).map(Number)) : parameters;
  state.ticked = new Set(leaves.filter((node) => ticked.has(node)));
  byId("rate").value = state.rate;
  byId("predict").checked = state.predict;
  paintTheme();
  const named = graph.views.findIndex((view) => view[0] === words.get("view"));
  setView(named < 0 ? initialView : named);
  if (state.chosen >= 0) choose(state.chosen, false);
  const [x, y, zoom] = (words.get("camera") || "").split(" ").map(Number);
  if (zoom > 0 && [x, y, zoom].every(Number.isFinite)) { state.camera = { x, y, zoom }; applyCamera(); }
}
