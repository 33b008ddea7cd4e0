// The view of a network: neurons as cells, coloured by value or gradient, with their weights as lines.

const FEW = 12, THICK = 4.5, MIN_THICK = 1.5, THIN = 0.4;

// The colour of a number on a scale that diverges from 0, and black or white for text on it.
function shade(number, largest, [negative, neutral, positive]) {
  const share = largest && !Number.isNaN(number) ? Math.max(-1, Math.min(1, number / largest)) : 0;
  const colour = neutral.map((from, i) => Math.round(from + Math.abs(share) * ((share < 0 ? negative : positive)[i] - from)));
  const [red, green, blue] = colour.map((c) => (c / 255 <= 0.04045 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return [`rgb(${colour})`, 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff"];
}

// A number with its sign, in at most six columns.
function withSign(x) {
  const size = Math.abs(x);
  if (!x || !Number.isFinite(x)) return x === 0 ? "0" : Number.isNaN(x) ? "nan" : x > 0 ? "+inf" : "−inf";
  const text = size >= 0.00995 && size < 999.5 ? size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0)
    : size.toExponential(0).replace("e+", "e");
  return (x < 0 ? "−" : "+") + text;
}

const largestOf = (numbers) => Math.max(0, ...numbers.map(Math.abs).filter(Number.isFinite));

// Build the picture of a network's view, with a function that updates it; in other respects it is as in draw().
function drawNetwork(graph, [name, inside, width, height, boxes, , , , net]) {
  const scene = svg("g", { id: "scene" }), isOfGradients = net.kind === "gradients";
  const edges = net.links.map(([source, target, weight, layer]) => {
    const [from, to] = [boxes[source], boxes[target]];
    const path = svg("path", { d: `M${from[0] + from[2] / 2} ${from[1]}H${from[0] + net.halves[source]}` +
      `L${to[0] - net.halves[target]} ${to[1]}H${to[0] - to[2] / 2}` });
    const tip = svg("title"), group = svg("g", { class: "link" }, tip, path);
    scene.append(group);
    return { source, target, weight, layer, group, path, tip };
  });
  for (const [x, y, text] of net.texts) scene.append(svg("text", { class: "note", x, y }, text));
  const cells = boxes.map(([x, y, wide, high, members, group, out], place) => {
    const body = svg("rect", { class: "body", x: x - wide / 2, y: y - high / 2, width: wide, height: high, rx: 6 });
    const text = svg("text", { x, y: y + 4 }), box = svg("g", { class: "box cell", tabindex: -1, role: "button" }, body, text);
    scene.append(box);
    return { x, y, wide, high, members, group, out, node: group ? -1 : out, layer: net.layers[place], label: net.labels[place], box, body, text };
  });
  const home = [];
  cells.forEach((cell, place) => cell.members.forEach((node) => { home[node] = place; }));

  // The number that is shown of a node, or undefined while it is unknown.
  const shown = (now, node) => (isOfGradients ? (now.stage(node) === 2 ? now.grads[node] : undefined)
    : now.isKnown(node) ? now.values[node] : undefined);
  const byLayer = (all, number) => {
    const largest = {};
    for (const one of all) (largest[one.layer] ||= []).push(number(one) ?? 0);
    return Object.fromEntries(Object.entries(largest).map(([layer, numbers]) => [layer, [largestOf(numbers), numbers.length]]));
  };

  function paint(now, chosen, asked) {
    const cellNumber = (cell) => shown(now, cell.out), most = byLayer(cells, cellNumber);
    for (const cell of cells) {
      const number = cell.out === asked ? undefined : cellNumber(cell), active = cell.members.includes(now.active);
      const [fill, ink] = number === undefined ? ["", ""] : shade(number, most[cell.layer][0], net.colours);
      mark(cell.box, { active, chosen: cell.members.includes(chosen), unknown: number === undefined });
      cell.body.style.fill = fill;
      cell.text.style.fill = ink;
      write(cell.text, cell.out === asked ? "?" : number === undefined ? "—" : withSign(number));
      assign(cell.box, "aria-label", described(cell));
    }
    const linkNumber = (edge) => (edge.weight < 0 ? 0 : shown(now, edge.weight)), widest = byLayer(edges, linkNumber);
    for (const edge of edges) {
      const number = linkNumber(edge), [largest, many] = widest[edge.layer];
      const thick = Math.max(MIN_THICK, THICK * Math.sqrt(Math.min(1, FEW / many)));
      mark(edge.group, { negative: number < 0, positive: number > 0 });
      assign(edge.path, "stroke-width", (THIN + (largest && Math.min(1, Math.abs(number || 0) / largest) || 0) * (thick - THIN)).toFixed(2));
      write(edge.tip, edge.weight < 0 ? "" : `${graph.names[edge.weight]}: ${now.values[edge.weight]}` +
        (now.stage(edge.weight) === 2 ? `, gradient ${now.grads[edge.weight]}` : ""));
    }
  }
  return { name, inside, width, height, scene, edges, boxes: cells, home, paint, isDown: false };
}
