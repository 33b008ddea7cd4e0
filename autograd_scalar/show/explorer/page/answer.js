// Answers and inputs: a number, or an expression over the names in the graph, by recursive descent.
//   sum = product {+|- product}   product = sign {*|/ sign}   sign = -sign | power   power = atom [** sign]

const FUNCTIONS = ["abs", "cos", "exp", "log", "sin", "sqrt", "tan", "tanh"];

// The value of a text, given a number for each name. Throws an Error that says what is wrong.
function reckon(text, named = new Map()) {
  const words = new Map([["inf", Infinity], ["nan", NaN], ["pi", Math.PI], ...named]);
  const names = [...words.keys()].filter(Boolean).sort((a, b) => b.length - a.length); // the longest that fits
  let rest = text.replace(/−/g, "-").replace(/[·×]/g, "*").replace(/\^/g, "**").trim(), before = "";

  const wrong = (message) => { throw new Error(message); };
  const where = () => (before ? ` after ${before}` : "");
  const cut = (part) => {
    before = part.trim();
    rest = rest.slice(part.length).trimStart();
    return before;
  };
  const take = (...signs) => signs.some((sign) => rest.startsWith(sign) && !(sign === "*" && rest.startsWith("**"))) &&
    cut(signs.find((sign) => rest.startsWith(sign)));

  function sum() {
    let total = product(), sign;
    while ((sign = take("+", "-"))) total = sign === "+" ? total + product() : total - product();
    return total;
  }
  function product() {
    let total = signed(), sign;
    while ((sign = take("*", "/"))) total = sign === "*" ? total * signed() : total / signed();
    return total;
  }
  const signed = () => (take("-") ? -signed() : take("+") ? signed() : power());
  function power() {
    const base = atom();
    return take("**") ? math.pow(base, signed()) : base;
  }
  function enclosed() {
    const value = sum();
    if (!take(")")) wrong(rest ? `expected ) before ${rest}` : "a ) is missing at the end");
    return value;
  }
  function atom() {
    if (!rest) wrong(`a number is missing${where()}`);
    if (take("(")) return enclosed();
    const number = /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/i.exec(rest), [word] = /^[\p{L}_][\p{L}\p{N}_.]*/u.exec(rest) || [""];
    if (number) return Number(cut(number[0]));
    if (FUNCTIONS.includes(word) && rest.slice(word.length).trimStart().startsWith("(")) {
      cut(word);
      take("(");
      return Math[word](enclosed());
    }
    const name = names.find((one) => rest.startsWith(one) && (one.length >= word.length || !word));
    if (name === undefined) wrong(word ? `${word} is no name in this graph` : `${rest[0]} is not expected${where()}`);
    cut(name);
    return words.get(name) ?? wrong(`${name} has no number yet`);
  }

  const value = sum();
  if (rest) wrong(`expected + - * / before ${rest}`);
  return value;
}

// The numbers that may be used in an answer: values by name, and gradients as name.grad.
function namedNumbers(graph, now) {
  const found = new Map();
  graph.names.forEach((name, node) => {
    if (!name) return;
    found.set(name, now.isKnown(node) ? now.values[node] : undefined);
    found.set(`${name}.grad`, now.stage(node) ? now.grads[node] : undefined);
  });
  return found;
}
