// The SVG picture of a view: boxes, edges, frames. It is built once per view, then updated.

const byId = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== "" && child !== undefined));
  return element;
}
const html = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// Setters that leave alone what is so already: whatever they touch, the browser styles and lays out again.
function mark(element, classes) {
  const states = (element.states ||= {});
  for (const [name, on] of Object.entries(classes)) {
    if (states[name] !== on) element.classList.toggle(name, (states[name] = on));
  }
}
function write(element, text) {
  if (element.written !== text) element.textContent = element.written = text;
}
function assign(element, name, value) {
  const assigned = (element.assigned ||= {});
  if (assigned[name] !== value) element.setAttribute(name, (assigned[name] = value));
}

// The curve of a route, along the direction of the picture at every point.
function curve(points, isDown) {
  let path = `M${points[0]} ${points[1]}`;
  for (let i = 2; i < points.length; i += 2) {
    const [x, y, a, b] = points.slice(i - 2, i + 2), across = (x + a) / 2, down = (y + b) / 2;
    if (isDown) path += x === a ? `V${b}` : `C${x} ${down} ${a} ${down} ${a} ${b}`;
    else path += y === b ? `H${a}` : `C${across} ${y} ${across} ${b} ${a} ${b}`;
  }
  return path;
}

const head = (x, y, along, isDown) => `M${x} ${y}l${isDown ? `-4.5 ${-8 * along}h9z` : `${-8 * along} -4.5v9z`}`;

// A view with the positions of its arrangement from top to bottom.
function turned([name, inside, , , boxes, edges, , down]) {
  const [width, height, centres, placed, frames] = down;
  return [name, inside, width, height, boxes.map((box, i) => [...centres[i], ...box.slice(2)]),
    edges.map((edge, i) => [...edge.slice(0, 3), ...placed[i]]), frames];
}

// Build the picture, and return it with the elements that the page updates.
function draw(graph, view, isDown) {
  const [name, inside, width, height, boxes, edges, frames] = isDown ? turned(view) : view;
  const scene = svg("g", { id: "scene" });
  for (const [title, x, y, wide, high] of frames) {
    scene.append(svg("g", { class: "frame" }, svg("rect", { x, y, width: wide, height: high, rx: 7 }),
      svg("text", { x: x + 9, y: y + 14 }, title)));
  }
  const drawnEdges = edges.map(([source, target, uses, route, place]) => {
    const end = route.length;
    const path = curve(route, isDown);
    const flow = svg("path", { class: "flow", d: path });
    const text = place && svg("text", { x: place[0], y: place[1] + 4 });
    const pill = place && svg("rect", { class: "pill", y: place[1] - 8.5, height: 17, rx: 8.5 });
    const tip = svg("title");
    const group = svg("g", { class: "edge" }, tip, flow, svg("path", { class: "track", d: path }),
      svg("path", { class: "head", d: head(route[end - 2], route[end - 1], 1, isDown) }),
      svg("path", { class: "tail", d: head(route[0], route[1], -1, isDown) }));
    const label = place && svg("g", { class: place[2] ? "local crowded" : "local" }, pill, text);
    scene.append(group);
    return { source, target, uses, place, group, flow, text, pill, tip, label };
  });
  scene.append(...drawnEdges.flatMap((edge) => (edge.label ? [edge.label] : [])));
  const drawnBoxes = boxes.map(([x, y, wide, high, members, group, out]) => {
    const node = group ? -1 : members[0];
    const op = group ? "" : graph.symbols[node], title = group || graph.heads[node];
    const kind = group ? "group" : op ? "operation" : graph.names[node] ? "leaf" : "constant";
    const left = x - wide / 2, top = y - high / 2;
    const base = top + (title || op ? 39 : 20);
    const box = svg("g", { class: `box ${kind}`, tabindex: -1, role: "button" });
    if (group) box.append(svg("rect", { class: "under", x: left + 6, y: top - 5, width: wide - 12, height: high, rx: 9 }));
    box.append(svg("rect", { class: "body", x: left, y: top, width: wide, height: high, rx: op || group ? 11 : 3 }));
    let at = left + 10;
    if (op) {
      const chip = svg("g", { class: "chip" }, svg("rect", { x: at, y: top + 7, width: op.length * 7.3 + 10, height: 17, rx: 5 }),
        svg("text", { x: at + 5, y: top + 20 }, op));
      box.append(chip);
      at += op.length * 7.3 + 16;
    }
    if (title) box.append(svg("text", { class: "name", x: at, y: top + 20 }, title));
    const value = svg("text", { class: "value", x: left + wide - 10, y: base });
    const grad = svg("text", { class: "grad", x: left + wide - 10, y: base + 17 });
    const key = svg("text", { class: "key", x: left + 10, y: base });
    const gradKey = svg("text", { class: "key", x: left + 10, y: base + 17 });
    box.append(key, value, gradKey, grad);
    const movable = node >= 0 ? node : out, isSlider = isMovable(movable) && (!group || movable === root), floor = top + high - 10, thumb = svg("circle", { class: "thumb", cy: floor, r: 4.5 });
    if (isSlider) {
      box.classList.add("movable");
      box.append(svg("title", {}, movable === root ? "drag the result: the ticked leaves follow the gradient" : "drag to change the value"),
        svg("path", { class: "rail", d: `M${left + TRACK} ${floor}H${left + wide - TRACK}` }), thumb);
    }
    scene.append(box);
    return { x, y, wide, high, members, group, out, node, box, value, grad, key, gradKey, thumb, isSlider };
  });
  const home = [];
  drawnBoxes.forEach((box, place) => box.members.forEach((node) => { home[node] = place; }));
  return { name, inside, width, height, isDown, scene, edges: drawnEdges, boxes: drawnBoxes, home };
}

// The picture as a standalone SVG document, with the computed colours of the page.
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size",
  "font-weight", "font-style", "text-anchor", "visibility"];

function standalone(picture, ground) {
  const width = picture.width + 40, height = picture.height + 40;
  const copy = picture.scene.cloneNode(true);
  const pairs = [picture.scene, ...picture.scene.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
    const style = getComputedStyle(pairs[i]);
    if (style.display === "none") element.setAttribute("display", "none");
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
    for (const name of ["class", "id", "role", "tabindex"]) element.removeAttribute(name);
  });
  copy.setAttribute("transform", "translate(20 20)");
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` },
    svg("rect", { width, height, fill: ground }), copy);
  return new XMLSerializer().serializeToString(root);
}
