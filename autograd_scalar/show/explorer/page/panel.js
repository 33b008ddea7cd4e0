// The panel: the chain rule at one value, the leaves with their sliders, gradient steps and their plot.

// Fill the placeholders of a formula with names, or with numbers (negative ones in parentheses).
const fillIn = (text, write) =>
  text.replace(/([([]|, )?\ue000(\d+)\ue001(?=([)\],])?)/g, (_, before = "", node, after) => before + write(Number(node), before && after));

// A right-hand factor: in parentheses if it has an operator outside parentheses.
function factor(text) {
  let depth = 0;
  const open = [...text].some((sign) => {
    depth += "([‹".includes(sign) - ")]›".includes(sign);
    return depth === 0 && "+-*/ ".includes(sign);
  });
  return open ? `(${text})` : text;
}

function notation(graph, values) {
  const name = (node) => graph.names[node] || format(values[node], 6);
  const number = (node, enclosed) => (values[node] < 0 && !enclosed ? `(${format(values[node], 6)})` : format(values[node], 6));
  const root = graph.ops.length - 1;
  return {
    name,
    derivative: (node) => `∂${name(root)}/∂${name(node)}`,
    formula: (node) => fillIn(graph.formulas[node], name),
    numbers: (node) => fillIn(graph.formulas[node], number),
    // The local derivative of a user with respect to an operand, in symbols.
    local(user, position, branches) {
      const [simplified, general] = graph.locals[user][position];
      const same = !general || branches[user][position] === graph.branches[user][position];
      return fillIn(same ? simplified : general, name);
    },
  };
}

const mathml = (tag, ...children) => fill(document.createElementNS("http://www.w3.org/1998/Math/MathML", tag), {}, children);

// A value in a formula: its name, a number in it as a subscript; or its number.
function symbolOf(graph, values, node) {
  const name = graph.names[node], [, letter, subscript] = name.match(/^(\p{L})_?(\d+)$/u) || [];
  if (letter) return mathml("msub", mathml("mi", letter), mathml("mn", subscript));
  if (name) return mathml("mi", name);
  const number = mathml("mn", format(Math.abs(values[node]), 6));
  return values[node] < 0 ? mathml("mrow", mathml("mo", "("), mathml("mo", "−"), number, mathml("mo", ")")) : number;
}

const MAX_TYPESET = 40;

// A value and its operation, typeset; the same as text is the accessible name. A long one is text, which wraps.
function typeset(graph, values, node, text) {
  if (text.length > MAX_TYPESET) return html("p", { class: "mono" }, text);
  const template = document.createElement("template");
  template.innerHTML = graph.templates[graph.kinds[node]];
  const math = template.content.firstChild;
  for (const slot of math.querySelectorAll("mi")) {
    const [, place] = slot.textContent.match(/^\ue000(\d+)\ue001$/) || [];
    if (place) slot.replaceWith(symbolOf(graph, values, graph.parents[node][place]));
  }
  math.prepend(symbolOf(graph, values, node), mathml("mo", "="));
  math.setAttribute("aria-label", text);
  return html("p", { class: "formula" }, math);
}

// The terms of the chain rule at a node; `added` marks those that backpropagation has reached.
function terms(graph, now, node) {
  const written = notation(graph, now.values);
  return graph.uses[node].map(([user, position], place) => ({
    user,
    added: place < now.added[node],
    symbols: `${written.derivative(user)} · ${factor(written.local(user, position, now.branches))}`,
    upstream: now.grads[user],
    partial: now.partials[user][position],
    product: now.partials[user][position] * now.grads[user],
  }));
}

const MAX_TERMS = 10;

function about(graph, now, node, hidden) {
  const written = notation(graph, now.values), rule = graph.rules[graph.ops[node]], name = written.name(node);
  const mono = (...children) => html("p", { class: "mono" }, ...children), soft = (text) => html("span", { class: "soft" }, text);
  const parts = [html("h2", {}, html("span", { class: "mono" }, name), graph.names[node] ? "" : html("small", {}, "constant"),
    rule ? html("span", { class: "chip" }, graph.symbols[node]) : "")];
  if (rule) {
    parts.push(typeset(graph, now.values, node, `${name} = ${written.formula(node)}`), mono(soft(now.isKnown(node) ? `= ${written.numbers(node)} = ` : "not yet computed"),
      now.isKnown(node) ? html("b", { class: "value" }, format(now.values[node], 6)) : ""));
  }
  if (node === graph.ops.length - 1) {
    parts.push(mono(`${written.derivative(node)} = `, html("b", { class: "grad" }, now.seeded ? "1" : "—"), soft("  the start of backpropagation")));
  } else {
    const all = terms(graph, now, node), here = all.filter((term) => term.added).length;
    const line = (kind, sign, symbols, result) => html("li", { class: kind }, html("span", { class: "sign" }, sign), html("span", { class: "mono" }, symbols),
      html("span", { class: "mono result" }, result));
    const list = html("ol", { class: "terms" }, ...all.slice(0, MAX_TERMS).map((term, place) => line(
      term.added ? "added" : "pending", place ? "+" : "=", term.symbols,
      term.added ? `${format(term.upstream)} · ${factor(format(term.partial))} = ${format(term.product)}`
        : hidden || !now.isKnown(term.user) ? "pending" : `? · ${factor(format(term.partial))}  pending`)));
    const rest = all.slice(MAX_TERMS), sum = rest.reduce((total, term) => total + (term.added ? term.product : 0), 0);
    if (rest.length) list.append(line("", "+", `${rest.length} more uses`, rest.some((term) => term.added) ? `in total ${format(sum)}` : "pending"));
    parts.push(mono(written.derivative(node)), list, html("p", { class: "mono total" }, html("span", { class: "sign" }, "="),
      here ? html("b", { class: "grad" }, format(now.grads[node], 6)) : "—",
      here === all.length ? "" : soft(here ? ` so far: ${here} of ${all.length} uses added` : " pending")));
    if (here === all.length) parts.push(checked(now, node));
  }
  if (rule) {
    const partials = rule.operands.flatMap((operand, i) => [html("br"), `∂z/∂${operand} = ${rule.partials[i]}`]);
    parts.push(html("details", { open: now.isRuleOpen }, html("summary", {}, "the rule of this operation"), mono(`z = ${rule.value}`, ...partials)));
  }
  return parts;
}

function checked(now, node) {
  const { derivative, kink } = differenceOf(node);
  return html("p", { class: "check" }, `finite difference ${format(derivative, 6)} `, verdict(derivative, now.grads[node], kink));
}

function verdict(derivative, grad, kink) {
  const note = (kind, text, title) => html("span", { class: kind, title }, text), size = Math.max(1, Math.abs(derivative), Math.abs(grad));
  if (derivative === grad || Math.abs(derivative - grad) <= 1e-8 + 1e-6 * size) return note("ok", "✓", "agrees with the gradient");
  if (!Number.isFinite(derivative)) return note("kink", "none", "not finite near this value");
  return kink ? note("kink", "kink", "a kink or a jump: no derivative exists here") : note("wrong", "≠", "differs from the gradient");
}

// ----- the leaves -----

// The next larger number of the form 1, 2 or 5 times a power of ten.
function roundUp(x) {
  const power = 10 ** Math.floor(Math.log10(x));
  return [1, 2, 5, 10].find((share) => share * power >= x) * power;
}

// The layer and neuron in the name of a parameter.
function scopeOf(graph, node) {
  const end = `.${graph.heads[node]}`;
  return graph.names[node].endsWith(end) ? graph.names[node].slice(0, -end.length) : "";
}

const MAX_LEAVES = 40;

// The rows of the table of leaves; its controls call `moved(node, value)` and `ticked(node, on)`.
function leafRows(graph, nodes, state, moved, ticked) {
  return nodes.map((node) => {
    const name = graph.names[node];
    const tick = html("input", { type: "checkbox", "aria-label": `nudge ${name}` });
    const slider = html("input", { type: "range", "aria-label": `slider for ${name}` });
    const number = html("input", { class: "mono", size: 9, inputmode: "decimal", autocomplete: "off", "aria-label": `value of ${name}` });
    const grad = html("td", { class: "mono grad" }), check = html("td", { class: "mono" });
    tick.checked = state.ticked.has(node);
    tick.addEventListener("change", () => ticked(node, tick.checked));
    slider.addEventListener("input", () => moved(node, Number(slider.value)));
    number.addEventListener("change", () => {
      const value = entered(number);
      if (value !== null) moved(node, value);
    });
    const scope = scopeOf(graph, node);
    const row = html("tr", {}, html("td", {}, tick), html("th", { scope: "row", class: "mono" }, scope ? graph.heads[node] : name,
      scope && html("small", {}, scope)),
      html("td", {}, number), grad, check);
    const below = html("tr", { class: "below" }, html("td", { colspan: 5 }, slider));
    const update = (value) => {
      const reach = reachOf(node);
      if (Number(slider.max) !== reach) Object.assign(slider, { min: -reach, max: reach, step: reach / 100 });
      slider.value = value;
      slider.setAttribute("aria-valuetext", format(value, 6));
      if (document.activeElement !== number || number.getAttribute("aria-invalid") !== "true") {
        number.value = String(value).replace("Infinity", "inf").replace("NaN", "nan");
      }
    };
    return { node, row, below, grad, check, update };
  });
}

// The number in an input, or null; the input then says what is wrong.
function entered(input) {
  let value = null;
  input.title = "";
  try { value = reckon(input.value, namedNumbers(graph, now)); } catch (error) { input.title = error.message; }
  input.setAttribute("aria-invalid", value === null);
  return value;
}

// A line plot of numbers, with its label and its last (or marked) number.
function plot(numbers, label, mark = -1) {
  const finite = numbers.filter(Number.isFinite);
  const low = Math.min(...finite), high = Math.max(...finite), width = 340, height = 96;
  const x = (i) => 8 + (i * (width - 16)) / Math.max(1, numbers.length - 1);
  const y = (value) => (high === low ? height / 2 : 18 + ((high - value) * (height - 36)) / (high - low));
  const points = numbers.map((value, i) => [x(i), y(value)]).filter((point) => Number.isFinite(point[1]));
  const picture = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${label}: ${numbers.length} numbers, from ${format(numbers[0])} to ${format(numbers.at(-1))}` },
    svg("polyline", { points: points.map((point) => point.join()).join(" ") }));
  const at = mark < 0 ? numbers.length - 1 : mark;
  if (Number.isFinite(numbers[at])) picture.append(svg("circle", { cx: x(at), cy: y(numbers[at]), r: 4 }));
  picture.append(svg("text", { x: 8, y: 11 }, label), svg("text", { x: width - 8, y: 11, "text-anchor": "end" }, format(numbers[at])));
  return picture;
}
