// Places for the nodes of a typed graph: a column for each step, leaves beside what uses them first.

/** The column of each node; operations as far left as their operands allow, leaves just before their first use. */
function columnsOf(graph) {
  const columns = graph.ops.map(() => 0), first = graph.ops.map(() => Infinity);
  for (const node of graph.operations) columns[node] = 1 + Math.max(0, ...graph.parents[node].map((parent) => columns[parent]));
  for (const node of graph.operations) for (const parent of graph.parents[node]) first[parent] = Math.min(first[parent], columns[node]);
  return columns.map((column, node) => (graph.ops[node] || first[node] === Infinity ? column : first[node] - 1));
}

/** The path of each edge, by node and operand: the parent, a bend in each column between (with a new number), the node. */
function waysOf(graph, columns) {
  let bends = graph.ops.length;
  return graph.parents.map((parents, node) => parents.map((parent) => {
    const way = [parent];
    for (let column = columns[parent] + 1; column < columns[node]; column++) {
      columns[bends] = column;
      way.push(bends++);
    }
    return [...way, node];
  }));
}

/** The nodes and bends of each column, in an order with few crossings: each moves to the mean of its neighbours. */
function ordered(columns, ways) {
  const layers = [], neighbours = columns.map(() => []), place = [];
  columns.forEach((column, node) => (layers[column] ??= []).push(node));
  for (const way of ways.flat()) {
    for (let k = 1; k < way.length; k++) {
      neighbours[way[k]].push(way[k - 1]);
      neighbours[way[k - 1]].push(way[k]);
    }
  }
  const settle = () => layers.forEach((layer) => layer.forEach((node, k) => (place[node] = k - (layer.length - 1) / 2)));
  settle();
  for (let round = 0; round < 8; round++) {
    for (const layer of layers) {
      const mean = (node) => neighbours[node].reduce((sum, other) => sum + place[other], 0) / (neighbours[node].length || 1);
      const means = new Map(layer.map((node) => [node, mean(node)]));
      layer.sort((a, b) => means.get(a) - means.get(b) || a - b);
    }
    settle();
  }
  return layers;
}

const BOX = { width: 104, height: 46, gap: 44, apart: 14 };

/** The centre of each node and bend, the paths of the edges, and the size of the picture. */
function placed(graph) {
  const columns = columnsOf(graph), ways = waysOf(graph, columns), layers = ordered(columns, ways), places = [];
  const height = Math.max(...layers.map((layer) => layer.length)) * (BOX.height + BOX.apart) + BOX.apart;
  layers.forEach((layer, column) => layer.forEach((node, k) => {
    places[node] = [BOX.apart + BOX.width / 2 + column * (BOX.width + BOX.gap), height / 2 + (k - (layer.length - 1) / 2) * (BOX.height + BOX.apart)];
  }));
  return { places, ways, width: layers.length * (BOX.width + BOX.gap) - BOX.gap + 2 * BOX.apart, height };
}

/** The path of an edge: level through boxes and bends, curved between them. */
function pathOf(way, places) {
  const half = BOX.width / 2, [x, y] = places[way[0]];
  let path = `M${x + half} ${y}`, at = [x + half, y];
  for (const node of way.slice(1)) {
    const [u, v] = places[node], middle = (at[0] + u - half) / 2;
    path += `C${middle} ${at[1]} ${middle} ${v} ${u - half} ${v}`;
    if (node !== way.at(-1)) path += `H${u + half}`;
    at = [u + half, v];
  }
  return path;
}
