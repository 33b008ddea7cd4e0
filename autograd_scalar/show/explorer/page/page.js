// The page: its state, the current step of the two passes, and the update of all parts.

const graph = prepare(JSON.parse(byId("graph-data").textContent));
const root = graph.ops.length - 1, count = graph.operations.length;
const LAST = 2 * count + 1; // the forward pass, the root's gradient, and the backward pass
const leaves = graph.ops.flatMap((op, node) => (!op && graph.names[node] ? [node] : []));
leaves.sort((a, b) => (scopeOf(graph, a) !== "") - (scopeOf(graph, b) !== "")); // inputs first
graph.views.push(...(graph.network || []));
const wholeViews = graph.views.filter((view) => !view[1]);

const state = {
  time: count, data: graph.data.slice(), chosen: -1, view: 0, rate: 0.05, ticked: new Set(), predict: false,
  theme: "", frame: 0, trace: [], score: {}, mistakes: {}, camera: null,
};
let now, picture, rowsOfLeaves = [], peek = -1, playing = 0, replay = null, question = null;

graph.reach = [];
graph.branches = branches(graph, evaluate(graph, graph.data));

// ----- numbers at the current step -----

// The node that is computed or propagates its gradient at a time, or -1 at the start.
function activeAt(time) {
  if (time <= count) return time ? graph.operations[time - 1] : -1;
  return time === count + 1 ? root : graph.operations[LAST - time];
}

function compute() {
  const values = evaluate(graph, state.data), partials = localDerivatives(graph, values);
  const sent = Math.max(0, state.time - count - 1), seeded = state.time > count;
  const { grads, added } = propagate(graph, partials, sent);
  const forward = Math.min(state.time, count);
  const same = now && state.data.every((number, node) => Object.is(number, now.data[node]));
  now = {
    values, partials, grads, added, seeded, forward, sent, data: state.data.slice(), branches: branches(graph, values),
    differences: same ? now.differences : new Map(),
    isKnown: (node) => !graph.ops[node] || graph.rank[node] < forward,
    hasSent: (node) => graph.ops[node] && graph.rank[node] >= count - sent,
    isRuleOpen: Boolean(byId("about").querySelector("details[open]")),
  };
  // Of the gradient: 0 if no use has contributed, 1 if some have, 2 if all have.
  now.stage = (node) => (node === root ? (seeded ? 2 : 0) : !added[node] ? 0 : added[node] < graph.uses[node].length ? 1 : 2);
  now.active = activeAt(state.time);
}

const gradients = () => propagate(graph, now.partials, count).grads;

// ----- display -----

function statusText() {
  const written = notation(graph, now.values), node = now.active;
  if (state.time === 0) return "Start: only the leaves have values. Press → to step forward";
  if (!now.seeded) {
    return `Forward ${now.forward} of ${count}: ${written.name(node)} = ${written.formula(node)} = ${written.numbers(node)} = ${format(now.values[node], 6)}` +
      (now.forward === count ? ". The forward pass is complete; press → to start backpropagation" : "");
  }
  if (!now.sent) return `Backward 0 of ${count}: ${written.derivative(root)} = 1, the start of backpropagation`;
  const named = graph.parents[node].map((parent, position) => [parent, position]).filter(([parent]) => graph.names[parent]);
  const parts = named.slice(0, named.length > 3 ? 2 : 3).map(([parent, position]) =>
    `to ${written.name(parent)}: ${format(now.grads[node])} · ${factor(written.local(node, position, now.branches))} = ` +
    format(now.partials[node][position] * now.grads[node]));
  const more = named.length - parts.length;
  return `Backward ${now.sent} of ${count}: ${written.name(node)} propagates its gradient ${parts.join("; ")}${more > 0 ? `; and to ${more} more` : ""}` +
    (state.time === LAST ? ". Done: all gradients are complete" : "");
}

function update() {
  compute();
  updatePicture();
  updatePanel();
  highlight();
  if (replay) replay.update(now.values);
  byId("status").textContent = question ? byId("status").textContent : statusText();
  const time = byId("time");
  time.value = state.time;
  time.setAttribute("aria-valuetext", now.seeded ? `backward ${now.sent} of ${count}` : `forward ${now.forward} of ${count}`);
  document.body.dataset.phase = now.seeded ? "backward" : "forward";
  for (const id of ["first", "back"]) byId(id).setAttribute("aria-disabled", state.time === 0);
  for (const id of ["next", "last"]) byId(id).setAttribute("aria-disabled", state.time === LAST);
  saveAddress();
}

function described(box) {
  const node = box.node >= 0 ? box.node : box.out, written = notation(graph, now.values);
  const numbers = node < 0 ? `${box.members.length} values` :
    `value ${now.isKnown(node) ? now.values[node] : "not yet computed"}, gradient ` +
    (now.stage(node) === 2 ? now.grads[node] : now.stage(node) ? `${now.grads[node]} so far` : "not yet computed");
  const name = box.label || box.group || written.name(node);
  return `${name}${box.node >= 0 && graph.ops[node] ? `, ${graph.ops[node]}` : box.group ? ", group" : ""}: ${numbers}`;
}

function updatePicture() {
  const hidden = question && question.node;
  if (picture.paint) { picture.paint(now, state.chosen, hidden); return; }
  for (const box of picture.boxes) {
    const node = box.node >= 0 ? box.node : box.out, active = box === picture.boxes[picture.home[now.active]];
    const known = node < 0 ? box.members.every(now.isKnown) : now.isKnown(node);
    const stage = node < 0 ? Math.min(...box.members.map(now.stage)) : now.stage(node);
    mark(box.box, { unknown: !known, active, chosen: box === picture.boxes[picture.home[state.chosen]], partial: stage === 1, complete: stage === 2 });
    if (node < 0) {
      const done = box.members.filter((v) => now.stage(v) === 2).length;
      write(box.key, `${box.members.length} values`);
      write(box.gradKey, "∂");
      write(box.grad, done ? `${done} of ${box.members.length}` : "—");
    } else {
      const asked = node === hidden;
      write(box.key, "data");
      write(box.value, asked && question.isValue ? "?" : known ? format(now.values[node]) : "—");
      write(box.gradKey, stage === 1 ? "grad…" : "grad");
      write(box.grad, asked && !question.isValue ? "?" : stage ? format(now.grads[node]) : "—");
    }
    assign(box.box, "aria-label", described(box));
    if (box.isSlider) {
      const share = Math.min(1, Math.max(-1, now.values[node] / reachOf(node))) || 0;
      assign(box.thumb, "cx", (box.x + share * (box.wide / 2 - TRACK)).toFixed(1));
    }
  }
  const sizes = [];
  for (const edge of picture.edges) {
    edge.sent = edge.uses.filter(([user]) => now.hasSent(user));
    edge.flow.size = edge.sent.reduce((sum, [user, position]) => sum + Math.abs(now.partials[user][position] * now.grads[user]), 0);
    if (Number.isFinite(edge.flow.size)) sizes.push(edge.flow.size);
  }
  const most = Math.max(...sizes, 1e-300);
  for (const edge of picture.edges) {
    const { uses, group, label } = edge, [user, position] = uses[0];
    const known = uses.every(([node]) => now.isKnown(node)), sent = edge.sent.length > 0;
    const active = uses.some(([node]) => node === now.active);
    mark(group, { known, sent, active });
    const width = 1.6 + 6 * Math.sqrt(Math.min(1, edge.flow.size / most) || 0);
    assign(edge.flow, "stroke-width", sent ? width.toFixed(2) : 0);
    write(edge.tip, uses.length === 1 && known ? `local derivative ${now.partials[user][position]}` +
      (sent ? `, propagates ${now.partials[user][position] * now.grads[user]}` : "") : `${uses.length} uses`);
    if (label) {
      mark(label, { known, sent, active });
      write(edge.text, `×${format(now.partials[user][position])}`);
      const wide = edge.text.written.length * 6.3 + 10;
      assign(edge.pill, "x", edge.place[0] - wide / 2);
      assign(edge.pill, "width", wide);
    }
  }
}

// The value in the panel: the one under the pointer, else the selected one, else the one just computed.
const focus = () => (peek >= 0 ? peek : state.chosen >= 0 ? state.chosen : now.active >= 0 ? now.active : root);

function updatePanel() {
  byId("about").replaceChildren(...about(graph, now, focus(), Boolean(question)));
  for (const { node, row, below, grad, check, update } of rowsOfLeaves) {
    update(state.data[node]);
    for (const part of [row, below]) part.classList.toggle("chosen", node === focus());
    const stage = now.stage(node), hidden = question && question.node === node;
    grad.textContent = hidden ? "?" : stage ? format(now.grads[node]) + (stage === 1 ? "…" : "") : "—";
    const found = stage === 2 && !hidden ? differenceOf(node) : null;
    check.replaceChildren(...(found ? [format(found.derivative) + " ", verdict(found.derivative, now.grads[node], found.kink)] : ["—"]));
  }
  updateSlope();
  byId("trace").replaceChildren(...(state.trace.length > 1 ? [plot(state.trace, `${graph.names[root]} after each step`)] : []));
}

// The finite difference at a node, computed once for the present data.
function differenceOf(node) {
  if (!now.differences.has(node)) now.differences.set(node, difference(graph, now.values, node));
  return now.differences.get(node);
}

// ----- views -----

function setView(place, chosen = state.chosen) {
  state.view = place;
  state.camera = null;
  state.chosen = chosen;
  picture = graph.views[place][8] ? drawNetwork(graph, graph.views[place]) : draw(graph, graph.views[place], goesDown(graph.views[place]));
  byId("graph").replaceChildren(picture.scene);
  const view = byId("view");
  view.value = place;
  for (const box of picture.boxes) {
    const node = box.node >= 0 ? box.node : box.out >= 0 ? box.out : box.members.at(-1);
    const look = (at) => { if (!held) { peek = at; updatePanel(); highlight(); } };
    box.box.addEventListener("pointerenter", () => look(node));
    box.box.addEventListener("pointerleave", () => look(-1));
    box.box.addEventListener("click", () => { if (!dragged) choose(node === state.chosen && !box.group ? -1 : node); });
    box.box.addEventListener("dblclick", () => open(box));
    box.box.addEventListener("focus", () => { if (state.chosen !== node) choose(node, false); });
  }
  const singles = new Set(picture.boxes.flatMap((box) => (box.node >= 0 ? [box.node] : [])));
  const listed = leaves.filter((node) => singles.has(node));
  rowsOfLeaves = leafRows(graph, listed.slice(0, MAX_LEAVES), state, move, (node, on) => { state.ticked[on ? "add" : "delete"](node); saveAddress(); });
  byId("rows").replaceChildren(...rowsOfLeaves.flatMap(({ row, below }) => [row, below]));
  const left = leaves.length - rowsOfLeaves.length;
  byId("more").textContent = left ? `${left} more leaves ${graph.views.some((view) => view[1]) ? "in groups: open one with Enter or a double click" : "not listed"}` : "";
  compute();
  fit();
  update();
}

function open(box) {
  const place = graph.views.findIndex((view) => view[1] === box.group);
  if (box.group && place >= 0) {
    setView(place, -1);
    say(`inside ${box.group}; press Esc to go back`);
    byId("graph").focus();
  }
}

// The view to return to from the inside of a group.
const outer = () => Math.max(0, graph.views.indexOf(wholeViews.find((view) => view[8]) || wholeViews.find((view) => view[0] !== "values") || wholeViews[0]));

function choose(node, withFocus = true) {
  state.chosen = node;
  update();
  const box = picture.boxes.find((one) => one.members.includes(node));
  if (box) {
    picture.boxes.forEach((one) => one.box.setAttribute("tabindex", one === box ? 0 : -1));
    if (withFocus) box.box.focus({ preventScroll: true });
    panTo(box);
  }
}

// Highlight the edges of the value in the panel.
function highlight() {
  const box = picture.home[focus()];
  for (const { group, label, source, target } of picture.edges) {
    const near = source === box || target === box;
    mark(group, { near });
    if (label) mark(label, { near });
  }
}
