// The page: where in the two passes we are, and everything that changes it.

const graph = prepared(JSON.parse(byId("graph-data").textContent));
const root = graph.ops.length - 1, count = graph.operations.length;
const LAST = 2 * count + 1; // values of all operations, the root's gradient, and all operations again
const leaves = graph.ops.flatMap((op, node) => (!op && graph.names[node] ? [node] : []));
leaves.sort((a, b) => (scopeOf(graph, a) !== "") - (scopeOf(graph, b) !== "")); // inputs first
const levels = graph.views.filter((view) => !view[1]);

const state = {
  time: count, data: graph.data.slice(), chosen: -1, view: 0, rate: 0.05, ticked: new Set(leaves), predict: false,
  theme: "", frame: 0, trace: [], right: 0, asked: 0, camera: null,
};
let now, picture, rowsOfLeaves = [], peek = -1, playing = 0, replay = null, question = null;

graph.chosen = choices(graph, evaluate(graph, graph.data));

// ----- the numbers at this moment -----

function compute() {
  const values = evaluate(graph, state.data), partials = localDerivatives(graph, values);
  const sent = Math.max(0, state.time - count - 1), seeded = state.time > count;
  const { grads, arrived } = propagate(graph, partials, sent);
  const forward = Math.min(state.time, count);
  const order = new Map(graph.operations.map((node, place) => [node, place]));
  now = {
    values, partials, grads, arrived, seeded, forward, sent, data: state.data, choices: choices(graph, values),
    isKnown: (node) => !graph.ops[node] || order.get(node) < forward,
    hasSent: (node) => graph.ops[node] && order.get(node) >= count - sent,
    isRuleOpen: Boolean(byId("about").querySelector("details[open]")),
  };
  // 0: nothing has arrived; 1: some of it; 2: all.
  now.stage = (node) => (node === root ? (seeded ? 2 : 0) : !arrived[node] ? 0 : arrived[node] < graph.uses[node].length ? 1 : 2);
  now.active = state.time === 0 ? -1 : !seeded ? graph.operations[forward - 1] : sent ? graph.operations[count - sent] : root;
}

const gradients = () => propagate(graph, now.partials, count).grads;

// ----- what is seen -----

function told() {
  const words = inWords(graph, now.values), node = now.active;
  if (state.time === 0) return "Start: the leaves have their values, nothing is computed yet. Step on with →";
  if (!now.seeded) {
    return `Forward ${now.forward} of ${count}: ${words.name(node)} = ${words.formula(node)} = ${words.numbers(node)} = ${shown(now.values[node], 6)}` +
      (now.forward === count ? ". Every value is known; → sends gradients back" : "");
  }
  if (!now.sent) return `Backward 0 of ${count}: ${words.derivative(root)} = 1, where it starts`;
  const named = graph.parents[node].map((parent, position) => [parent, position]).filter(([parent]) => graph.names[parent]);
  const parts = named.slice(0, named.length > 3 ? 2 : 3).map(([parent, position]) =>
    `to ${words.name(parent)}: ${shown(now.grads[node])} · ${factor(words.local(node, position, now.choices))} = ` +
    shown(now.partials[node][position] * now.grads[node]));
  const more = named.length - parts.length;
  return `Backward ${now.sent} of ${count}: ${words.name(node)} passes its gradient on ${parts.join("; ")}${more > 0 ? `; and ${more} more` : ""}` +
    (state.time === LAST ? ". Done: every gradient is complete" : "");
}

function update() {
  compute();
  updatePicture();
  updatePanel();
  bringOut();
  if (replay) replay.update(now.values);
  byId("told").textContent = question ? byId("told").textContent : told();
  const time = byId("time");
  time.value = state.time;
  time.setAttribute("aria-valuetext", now.seeded ? `backward ${now.sent} of ${count}` : `forward ${now.forward} of ${count}`);
  document.body.dataset.phase = now.seeded ? "backward" : "forward";
  for (const id of ["first", "back"]) byId(id).setAttribute("aria-disabled", state.time === 0);
  for (const id of ["next", "last"]) byId(id).setAttribute("aria-disabled", state.time === LAST);
  remember();
}

function described(box) {
  const node = box.node >= 0 ? box.node : box.out, words = inWords(graph, now.values);
  const numbers = node < 0 ? `${box.members.length} values` :
    `value ${now.isKnown(node) ? now.values[node] : "not yet computed"}, gradient ` +
    (now.stage(node) === 2 ? now.grads[node] : now.stage(node) ? `${now.grads[node]} so far` : "not yet arrived");
  const name = box.group || words.name(node);
  return `${name}${box.node >= 0 && graph.ops[node] ? `, ${graph.ops[node]}` : box.group ? ", group" : ""}: ${numbers}`;
}

function updatePicture() {
  const hidden = question && question.node;
  for (const box of picture.boxes) {
    const node = box.node >= 0 ? box.node : box.out, active = box.members.includes(now.active);
    const known = node < 0 ? box.members.every(now.isKnown) : now.isKnown(node);
    const stage = node < 0 ? Math.min(...box.members.map(now.stage)) : now.stage(node);
    mark(box.box, { unknown: !known, active, chosen: box.members.includes(state.chosen), partial: stage === 1, complete: stage === 2 });
    if (node < 0) {
      const done = box.members.filter((v) => now.stage(v) === 2).length;
      box.key.textContent = `${box.members.length} values`;
      box.slope.textContent = "∂";
      box.grad.textContent = done ? `${done} of ${box.members.length}` : "—";
    } else {
      box.key.textContent = "data";
      box.value.textContent = known ? shown(now.values[node]) : "—";
      box.slope.textContent = stage === 1 ? "grad…" : "grad";
      box.grad.textContent = stage ? shown(now.grads[node]) : "—";
    }
    if (node === hidden) (question.isValue ? box.value : box.grad).textContent = "?";
    box.box.setAttribute("aria-label", described(box));
  }
  const sizes = [];
  for (const line of picture.lines) {
    line.sent = line.uses.filter(([user]) => now.hasSent(user));
    line.flow.size = line.sent.reduce((sum, [user, position]) => sum + Math.abs(now.partials[user][position] * now.grads[user]), 0);
    if (Number.isFinite(line.flow.size)) sizes.push(line.flow.size);
  }
  const most = Math.max(...sizes, 1e-300);
  for (const line of picture.lines) {
    const { uses, group, label } = line, [user, position] = uses[0];
    const known = uses.every(([node]) => now.isKnown(node)), sent = line.sent.length > 0;
    const active = uses.some(([node]) => node === now.active);
    mark(group, { known, sent, active });
    const width = 1.6 + 6 * Math.sqrt(Math.min(1, line.flow.size / most) || 0);
    line.flow.setAttribute("stroke-width", sent ? width.toFixed(2) : 0);
    line.tip.textContent = uses.length === 1 && known ? `local derivative ${now.partials[user][position]}` +
      (sent ? `, carries ${now.partials[user][position] * now.grads[user]} back` : "") : `${uses.length} uses`;
    if (label) {
      mark(label, { known, sent, active });
      line.text.textContent = `×${shown(now.partials[user][position])}`;
      const wide = line.text.textContent.length * 6.3 + 10;
      line.pill.setAttribute("x", line.note[0] - wide / 2);
      line.pill.setAttribute("width", wide);
    }
  }
}

// The value that the panel is about: under the pointer, else chosen, else the one just computed.
const focus = () => (peek >= 0 ? peek : state.chosen >= 0 ? state.chosen : now.active >= 0 ? now.active : root);

function updatePanel() {
  byId("about").replaceChildren(...about(graph, now, focus(), Boolean(question)));
  for (const { node, row, grad, slope, update } of rowsOfLeaves) {
    update(state.data[node]);
    row.classList.toggle("chosen", node === focus());
    const stage = now.stage(node), hidden = question && question.node === node;
    grad.textContent = hidden ? "?" : stage ? shown(now.grads[node]) + (stage === 1 ? "…" : "") : "—";
    const found = stage === 2 && !hidden ? difference(graph, state.data, now.values, node) : null;
    slope.replaceChildren(...(found ? [shown(found.slope) + " ", verdict(found.slope, now.grads[node], found.kink)] : ["—"]));
  }
  byId("trace").replaceChildren(...(state.trace.length > 1 ? [plot(state.trace, `${graph.names[root]} after each nudge`)] : []));
}

// ----- views -----

function setView(place, chosen = state.chosen) {
  state.view = place;
  state.camera = null;
  state.chosen = chosen;
  picture = draw(graph, graph.views[place]);
  byId("graph").replaceChildren(picture.scene);
  const view = byId("view");
  view.value = place;
  for (const box of picture.boxes) {
    const node = box.node >= 0 ? box.node : box.out >= 0 ? box.out : box.members.at(-1);
    box.box.addEventListener("pointerenter", () => { peek = node; updatePanel(); bringOut(); });
    box.box.addEventListener("pointerleave", () => { peek = -1; updatePanel(); bringOut(); });
    box.box.addEventListener("click", () => { if (!dragged) choose(node === state.chosen && !box.group ? -1 : node); });
    box.box.addEventListener("dblclick", () => open(box));
    box.box.addEventListener("focus", () => { if (state.chosen !== node) choose(node, false); });
  }
  const singles = new Set(picture.boxes.flatMap((box) => (box.node >= 0 ? [box.node] : [])));
  const listed = leaves.filter((node) => singles.has(node));
  rowsOfLeaves = leafRows(graph, listed.slice(0, MOST_LEAVES), state, move, (node, on) => { state.ticked[on ? "add" : "delete"](node); remember(); });
  byId("rows").replaceChildren(...rowsOfLeaves.map((row) => row.row));
  const left = leaves.length - rowsOfLeaves.length;
  byId("more").textContent = left ? `${left} more leaves ${graph.views.some((view) => view[1]) ? "in the groups: open one (enter or double click)" : "are not listed"}` : "";
  compute();
  begin();
  update();
}

function open(box) {
  const place = graph.views.findIndex((view) => view[1] === box.group);
  if (box.group && place >= 0) {
    setView(place, -1);
    say(`inside ${box.group}; escape leads back`);
    byId("graph").focus();
  }
}

// Where a view of an inside leads back to.
const outer = () => Math.max(0, graph.views.indexOf(levels.find((view) => view[0] !== "values") || levels[0]));

function choose(node, withFocus = true) {
  state.chosen = node;
  update();
  const box = picture.boxes.find((one) => one.members.includes(node));
  if (box) {
    picture.boxes.forEach((one) => one.box.setAttribute("tabindex", one === box ? 0 : -1));
    if (withFocus) box.box.focus({ preventScroll: true });
    keepInSight(box);
  }
}

// Brings out the lines at the value that the panel is about.
function bringOut() {
  for (const { group, label, source, target } of picture.lines) {
    const near = [source, target].some((box) => picture.boxes[box].members.includes(focus()));
    mark(group, { near });
    if (label) mark(label, { near });
  }
}
