// Evaluation and backpropagation. Nodes are indices in topological order; the last is the root.

// The operands of each node: a parent for each, or a list of parents for a list operand.
function wired(graph) {
  return graph.parents.map((parents, node) => {
    const rule = graph.rules[graph.ops[node]];
    if (!rule || !rule.lists.includes(true)) return parents;
    const lists = rule.lists.filter(Boolean).length;
    const length = (parents.length - rule.lists.length + lists) / lists;
    let taken = 0;
    return rule.lists.map((list) => (list ? parents.slice(taken, (taken += length)) : parents[taken++]));
  });
}

const gathered = (wires, values) =>
  wires.map((wire) => (typeof wire === "number" ? values[wire] : wire.map((node) => values[node])));

// The values of all nodes, given the data of the leaves.
function evaluate(graph, data, operations = graph.operations) {
  const values = data.slice();
  for (const node of operations) values[node] = rows[graph.ops[node]][0](...gathered(graph.wires[node], values));
  return values;
}

// The operations that depend on a node, in topological order.
function downstream(graph, node) {
  if (!graph.downstream[node]) {
    const reached = new Set([node]);
    for (const user of graph.operations) if (graph.parents[user].some((parent) => reached.has(parent))) reached.add(user);
    reached.delete(node);
    graph.downstream[node] = [...reached];
  }
  return graph.downstream[node];
}

// The root's value if a node had the value `at`, and nothing that it depends on changed.
function rootAt(graph, values, node, at) {
  const moved = values.slice();
  moved[node] = at;
  return evaluate(graph, moved, downstream(graph, node))[values.length - 1];
}

function localDerivatives(graph, values) {
  return graph.ops.map((op, node) => (op ? rows[op][1](values[node], ...gathered(graph.wires[node], values)) : []));
}

// The branch that each local derivative takes, as text for comparison.
function branches(graph, values) {
  return graph.ops.map((op, node) =>
    op && rows[op][2] ? rows[op][2](values[node], ...gathered(graph.wires[node], values)).map(String) : null);
}

// Backpropagation through the first `count` operations from the root, in the order of the engine:
// the gradient of each node so far, and the number of its uses that have contributed.
function propagate(graph, partials, count) {
  const grads = new Array(graph.ops.length).fill(0), added = grads.slice();
  grads[grads.length - 1] = 1;
  for (let step = 0; step < count; step++) {
    const node = graph.operations[graph.operations.length - 1 - step];
    graph.parents[node].forEach((parent, position) => {
      grads[parent] += partials[node][position] * grads[node];
      added[parent] += 1;
    });
  }
  return { grads, added };
}

// The derivative of the root with respect to a node by finite differences, extrapolated from two
// step sizes; `kink` is true if the derivatives on both sides differ.
function difference(graph, values, node) {
  const step = 2 ** -10.4 * Math.max(1, Math.abs(values[node]));
  const root = values.length - 1;
  const [a, b, d, e] = [-1, -0.5, 0.5, 1].map((share) => rootAt(graph, values, node, values[node] + share * step));
  const wide = (e - a) / (2 * step), near = (d - b) / step, middle = values[root];
  const [left, right] = [(middle - b) * 2 / step, (d - middle) * 2 / step];
  const apart = 0.05 * Math.max(1, Math.abs(left), Math.abs(right));
  return { derivative: (4 * near - wide) / 3, kink: Math.abs(left - right) > apart || Math.abs(near - wide) > apart };
}

function prepare(graph) {
  graph.data = graph.data.map(Number); // NaN and infinities are strings
  graph.operations = graph.ops.flatMap((op, node) => (op ? [node] : []));
  graph.wires = wired(graph);
  graph.rank = graph.ops.slice(); // the position of each operation
  graph.operations.forEach((node, place) => { graph.rank[node] = place; });
  graph.downstream = [];
  graph.uses = graph.ops.map(() => []);
  graph.parents.forEach((parents, node) => parents.forEach((parent, position) => graph.uses[parent].push([node, position])));
  graph.uses.forEach((uses) => uses.sort((a, b) => b[0] - a[0] || a[1] - b[1])); // in the order of backpropagation
  return graph;
}

// A number with four significant digits, or as many as requested.
function format(x, digits = 4) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 10 ** Math.max(digits, 5))) {
    return x.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  }
  return String(Number(x.toPrecision(digits)));
}
