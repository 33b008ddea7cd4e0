// The panel: the chain rule at one value, the leaves with their sliders, the nudge and its trace.

// A text with nodes in it, filled with names, or with numbers (negative ones in parentheses).
const filled = (text, write) =>
  text.replace(/([([]|, )?\ue000(\d+)\ue001(?=([)\],])?)/g, (_, before = "", node, after) => before + write(Number(node), before && after));

// A factor as it stands behind a dot: in parentheses where an operation is not inside any.
function factor(text) {
  let depth = 0;
  const open = [...text].some((sign) => {
    depth += "([‹".includes(sign) - ")]›".includes(sign);
    return depth === 0 && "+-*/ ".includes(sign);
  });
  return open ? `(${text})` : text;
}

function inWords(graph, values) {
  const name = (node) => graph.names[node] || shown(values[node], 6);
  const number = (node, enclosed) => (values[node] < 0 && !enclosed ? `(${shown(values[node], 6)})` : shown(values[node], 6));
  const root = graph.ops.length - 1;
  return {
    name,
    derivative: (node) => `∂${name(root)}/∂${name(node)}`,
    formula: (node) => filled(graph.formulas[node], name),
    numbers: (node) => filled(graph.formulas[node], number),
    // The local derivative of a user by its operand, in symbols.
    local(user, position, chosen) {
      const [here, always] = graph.locals[user][position];
      const same = !always || chosen[user][position] === graph.chosen[user][position];
      return filled(same ? here : always, name);
    },
  };
}

// The lines of the chain rule at a node, as far as backpropagation has come.
function terms(graph, now, node) {
  const words = inWords(graph, now.values);
  return graph.uses[node].map(([user, position], place) => ({
    user,
    arrived: place < now.arrived[node],
    symbols: `${words.derivative(user)} · ${factor(words.local(user, position, now.choices))}`,
    upstream: now.grads[user],
    partial: now.partials[user][position],
    product: now.partials[user][position] * now.grads[user],
  }));
}

const MOST_TERMS = 10;

function about(graph, now, node, hidden) {
  const words = inWords(graph, now.values), rule = graph.rules[graph.ops[node]], name = words.name(node);
  const mono = (...children) => html("p", { class: "mono" }, ...children), soft = (text) => html("span", { class: "soft" }, text);
  const parts = [html("h2", {}, html("span", { class: "mono" }, name), graph.names[node] ? "" : html("small", {}, "constant"),
    rule ? html("span", { class: "chip" }, graph.symbols[node]) : "")];
  if (rule) {
    parts.push(mono(`${name} = ${words.formula(node)}`, html("br"), soft(now.isKnown(node) ? `= ${words.numbers(node)} = ` : "not yet computed"),
      now.isKnown(node) ? html("b", { class: "value" }, shown(now.values[node], 6)) : ""));
  }
  if (node === graph.ops.length - 1) {
    parts.push(mono(`${words.derivative(node)} = `, html("b", { class: "grad" }, now.seeded ? "1" : "—"), soft("  where backpropagation starts")));
  } else {
    const all = terms(graph, now, node), here = all.filter((term) => term.arrived).length;
    const line = (kind, sign, symbols, result) => html("li", { class: kind }, html("span", { class: "sign" }, sign), html("span", { class: "mono" }, symbols),
      html("span", { class: "mono result" }, result));
    const list = html("ol", { class: "terms" }, ...all.slice(0, MOST_TERMS).map((term, place) => line(
      term.arrived ? "arrived" : "waiting", place ? "+" : "=", term.symbols,
      term.arrived ? `${shown(term.upstream)} · ${factor(shown(term.partial))} = ${shown(term.product)}`
        : hidden || !now.isKnown(term.user) ? "not yet arrived" : `? · ${factor(shown(term.partial))}  not yet arrived`)));
    const rest = all.slice(MOST_TERMS), sum = rest.reduce((total, term) => total + (term.arrived ? term.product : 0), 0);
    if (rest.length) list.append(line("", "+", `${rest.length} more uses`, rest.some((term) => term.arrived) ? `together ${shown(sum)}` : "not yet arrived"));
    parts.push(mono(words.derivative(node)), list, html("p", { class: "mono total" }, html("span", { class: "sign" }, "="),
      here ? html("b", { class: "grad" }, shown(now.grads[node], 6)) : "—",
      here === all.length ? "" : soft(here ? ` so far: ${here} of ${all.length} have arrived` : " not yet arrived")));
    if (here === all.length) parts.push(checked(graph, now, node));
  }
  if (rule) {
    const partials = rule.operands.flatMap((operand, i) => [html("br"), `∂z/∂${operand} = ${rule.partials[i]}`]);
    parts.push(html("details", { open: now.isRuleOpen }, html("summary", {}, "the rule that ran"), mono(`z = ${rule.value}`, ...partials)));
  }
  return parts;
}

function checked(graph, now, node) {
  const { slope, kink } = difference(graph, now.data, now.values, node);
  return html("p", { class: "check" }, `finite difference ${shown(slope, 6)} `, verdict(slope, now.grads[node], kink));
}

function verdict(slope, grad, kink) {
  const note = (kind, text, title) => html("span", { class: kind, title }, text), size = Math.max(1, Math.abs(slope), Math.abs(grad));
  if (slope === grad || Math.abs(slope - grad) <= 1e-8 + 1e-6 * size) return note("ok", "✓", "agrees with the gradient");
  if (!Number.isFinite(slope)) return note("kink", "none", "the values beside this one give no slope");
  return kink ? note("kink", "kink", "a corner or a jump: there is no one slope here") : note("wrong", "≠", "differs from the gradient");
}

// ----- the leaves -----

// A round number above: 1, 2 or 5 times a power of ten.
function roundUp(x) {
  const power = 10 ** Math.floor(Math.log10(x));
  return [1, 2, 5, 10].find((share) => share * power >= x) * power;
}

// The layer and neuron in a parameter's name.
function scopeOf(graph, node) {
  const end = `.${graph.heads[node]}`;
  return graph.names[node].endsWith(end) ? graph.names[node].slice(0, -end.length) : "";
}

const MOST_LEAVES = 40;

// The rows of the table; `moved(node, value)` and `ticked(node, on)` are told what its controls do.
function leafRows(graph, nodes, state, moved, ticked) {
  return nodes.map((node) => {
    const name = graph.names[node];
    const tick = html("input", { type: "checkbox", "aria-label": `nudge ${name}` });
    const slider = html("input", { type: "range", "aria-label": `slider for ${name}` });
    const number = html("input", { class: "mono", size: 9, inputmode: "decimal", autocomplete: "off", "aria-label": `value of ${name}` });
    const grad = html("td", { class: "mono grad" }), slope = html("td", { class: "mono" });
    const reach = (value) => {
      const most = roundUp(Math.max(1, 2 * Math.abs(value)));
      Object.assign(slider, { min: -most, max: most, step: most / 100 });
    };
    reach(Number.isFinite(graph.data[node]) ? graph.data[node] : 0);
    tick.checked = state.ticked.has(node);
    tick.addEventListener("change", () => ticked(node, tick.checked));
    slider.addEventListener("input", () => moved(node, Number(slider.value)));
    number.addEventListener("change", () => {
      const value = parsed(number.value);
      number.setAttribute("aria-invalid", value === null);
      if (value !== null) moved(node, value);
    });
    const scope = scopeOf(graph, node);
    const row = html("tr", {}, html("td", {}, tick), html("th", { scope: "row", class: "mono" }, scope ? graph.heads[node] : name,
      scope && html("small", {}, scope)),
      html("td", {}, number, slider), grad, slope);
    const update = (value) => {
      if (Math.abs(value) > slider.max && Number.isFinite(value)) reach(value);
      slider.value = value;
      slider.setAttribute("aria-valuetext", shown(value, 6));
      if (document.activeElement !== number || number.getAttribute("aria-invalid") !== "true") {
        number.value = String(value).replace("Infinity", "inf").replace("NaN", "nan");
      }
    };
    return { node, row, grad, slope, update };
  });
}

// The number that a text is; null where it is none.
function parsed(text) {
  const words = { inf: Infinity, "+inf": Infinity, "-inf": -Infinity, nan: NaN };
  const word = text.trim().toLowerCase().replace("−", "-");
  if (Object.hasOwn(words, word)) return words[word];
  return /^[-+.\de]+$/.test(word) && !Number.isNaN(Number(word)) ? Number(word) : null;
}

// A line through numbers, as a picture with its first and last number written beside it.
function plot(numbers, label, mark = -1) {
  const finite = numbers.filter(Number.isFinite);
  const low = Math.min(...finite), high = Math.max(...finite), width = 340, height = 96;
  const x = (i) => 8 + (i * (width - 16)) / Math.max(1, numbers.length - 1);
  const y = (value) => (high === low ? height / 2 : 18 + ((high - value) * (height - 36)) / (high - low));
  const points = numbers.map((value, i) => [x(i), y(value)]).filter((point) => Number.isFinite(point[1]));
  const picture = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${label}: ${numbers.length} numbers, from ${shown(numbers[0])} to ${shown(numbers.at(-1))}` },
    svg("polyline", { points: points.map((point) => point.join()).join(" ") }));
  const at = mark < 0 ? numbers.length - 1 : mark;
  if (Number.isFinite(numbers[at])) picture.append(svg("circle", { cx: x(at), cy: y(numbers[at]), r: 4 }));
  picture.append(svg("text", { x: 8, y: 11 }, label), svg("text", { x: width - 8, y: 11, "text-anchor": "end" }, shown(numbers[at])));
  return picture;
}
