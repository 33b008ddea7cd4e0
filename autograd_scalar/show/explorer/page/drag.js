// Dragging: a leaf takes the number under the pointer, in its box or in the slope view; a result that
// is dragged moves the ticked leaves along the gradient until it is where the pointer wants it.

const TRACK = 10; // the space on both sides of a slider in a box

const isMovable = (node) => node >= 0 && (node === root ? count > 0 : !graph.ops[node] && graph.names[node] !== "");

function drag(node, value) {
  if (node === root && count) moveResult(value);
  else move(node, value);
}

// Move the ticked leaves along the gradient until the result is `target`: Newton's steps, halved while they overshoot.
function moveResult(target) {
  const ticked = leaves.filter((node) => state.ticked.has(node)), from = state.data.slice();
  const measured = (data) => evaluate(graph, data)[root];
  let data = from, miss = target - measured(data), steepness = 0;
  for (let i = 0; i < 12 && Math.abs(miss) > 1e-6 * Math.max(1, Math.abs(target)); i++) {
    const values = evaluate(graph, data), grads = propagate(graph, localDerivatives(graph, values), count).grads;
    steepness = ticked.reduce((sum, node) => sum + grads[node] ** 2, 0);
    if (!(steepness > 0)) break;
    let better = false;
    for (let share = 1; share > 0.01 && !better; share /= 2) {
      const next = data.slice();
      for (const node of ticked) next[node] += (share * miss * grads[node]) / steepness;
      const left = target - measured(next);
      if (Math.abs(left) < Math.abs(miss)) [data, miss, better] = [next, left, true];
    }
    if (!better) break;
  }
  dropQuestion();
  state.data = data;
  update();
  const names = ticked.map((node) => graph.names[node]), name = graph.names[root];
  const listed = names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
  say(!ticked.length ? `no leaf is ticked, so nothing can move ${name}`
    : data === from && Math.abs(miss) > 1e-6 ? `${name} cannot move: the gradients of ${listed} are 0, or the step overshoots`
      : `${name} = ${format(now.values[root])}: ${listed} moved along the gradient`);
}

// Move the selected leaf, or the result, by a share of its range; for the keys [ and ].
function shift(share) {
  const node = isMovable(focus()) ? focus() : subject;
  if (!isMovable(node)) return;
  drag(node, Number((now.values[node] + share * reachOf(node)).toPrecision(12)));
}

// ----- pointers -----

const pointers = new Map();
let held = null, dragged = false;

// The pointer's number, given where and at which number the drag began.
const numberAt = ({ node, from, width, clientX }, event) => {
  const reach = reachOf(node), value = from + ((event.clientX - clientX) * 2 * reach) / width;
  return Number(Math.min(reach, Math.max(-reach, value)).toPrecision(4));
};

byId("graph").addEventListener("pointerdown", (event) => {
  pointers.set(event.pointerId, event);
  dragged = false;
  const target = event.target.closest(".box"), box = target && picture.boxes.find((one) => one.box === target);
  held = { event };
  if (pointers.size === 1 && box && box.isSlider) {
    const node = box.node >= 0 ? box.node : box.out;
    held = { event, node, from: now.values[node], clientX: event.clientX, width: (box.wide - 2 * TRACK) * state.camera.zoom };
  }
});
byId("plane").addEventListener("pointerdown", (event) => {
  if (graph.ops[subject]) return;
  const { left, right, width } = PLANE, box = byId("plane").getBoundingClientRect(), scale = box.width / width;
  const share = (event.clientX - box.left - left * scale) / ((width - left - right) * scale);
  held = { event, node: subject, from: reachOf(subject) * (2 * share - 1), clientX: event.clientX, width: (width - left - right) * scale };
  dragged = true;
  move(subject, numberAt(held, event));
});
addEventListener("pointermove", (event) => {
  if (pointers.has(event.pointerId) && pointers.size === 2) { pinch(event); return; }
  if (!held || event.pointerId !== held.event.pointerId) return;
  const [dx, dy] = [event.clientX - held.event.clientX, event.clientY - held.event.clientY];
  if (!dragged && Math.hypot(dx, dy) < 4) return;
  if (!dragged && held.node >= 0) choose(held.node);
  dragged = true;
  if (held.node >= 0) drag(held.node, numberAt(held, event));
  else pan(dx, dy);
  held.event = event;
});

// Two fingers: the point between them stays between them.
function pinch(event) {
  const box = byId("graph").getBoundingClientRect();
  const spread = () => {
    const [a, b] = pointers.values();
    return { x: (a.clientX + b.clientX) / 2 - box.left, y: (a.clientY + b.clientY) / 2 - box.top, size: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) };
  };
  const before = spread();
  pointers.set(event.pointerId, event);
  const after = spread();
  dragged = true;
  held = null;
  if (before.size) zoomBy(after.size / before.size, before.x, before.y);
  pan(after.x - before.x, after.y - before.y);
}
for (const type of ["pointerup", "pointercancel"]) addEventListener(type, (event) => { pointers.delete(event.pointerId); held = null; });
