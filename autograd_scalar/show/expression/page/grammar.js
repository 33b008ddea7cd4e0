// The grammar of typed expressions, as in parser.py: numbers, names, + - * / // % **, and calls of the table's rows.
// The result is a graph for the engine: the operation and the parents of each node, parents first, the root last.

/** Words of Python, which cannot be names. */
const KEYWORDS = new Set(`False None True and as assert async await break class continue def del elif else except finally for from
  global if import in is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/));
const CONSTANTS = { __proto__: null, pi: Math.PI, e: Math.E, inf: Infinity, nan: NaN };
const MAX_LENGTH = 10000, MAX_DEPTH = 500;

const TOKEN = /\s*(?:(?<number>0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?)|(?<name>[\p{ID_Start}_][\p{ID_Continue}]*)|(?<sign>\*\*|\/\/|[-+*\/%()[\],])|(?<other>\S))/uy;

/** An error at a column of the text, counted from 1. */
class ParseError extends Error {
  constructor(column, problem) {
    super(`column ${column}: ${problem}`);
    this.column = column;
  }
}

/** The tokens of a text: kind, text and column; the last has kind "end". */
function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; text.slice(at).trim(); at = TOKEN.lastIndex) {
    const { groups, 0: all, index } = TOKEN.exec(text);
    const [kind, word] = Object.entries(groups).find(([, word]) => word !== undefined);
    const column = index + all.length - word.length + 1;
    if (kind === "other") throw new ParseError(column, `${word} is not understood${word === "^" ? "; write a power as x ** 2" : ""}`);
    if (kind === "number" && /^0[\d_]*[1-9]/.test(word) && !/[.eE]/.test(word)) throw new ParseError(column, `${word} is not understood; a number does not begin with 0`);
    if (kind === "number" && /[\p{ID_Start}_\d]/u.test(text[index + all.length] ?? "")) throw new ParseError(column, "write a product as 2*x");
    found.push({ kind, word, column });
  }
  found.push({ kind: "end", word: "the end", column: text.length + 1 });
  return found;
}

/** The syntax tree of a text: {kind: number | name | unary | binary | call | list}. */
class Parser {
  constructor(text) {
    if (text.length > MAX_LENGTH) throw new ParseError(MAX_LENGTH + 1, `at most ${MAX_LENGTH} characters are allowed`);
    if (!text.trim()) throw new ParseError(1, "the expression is empty");
    this.tokens = tokens(text);
    this.at = 0;
  }

  get next() {
    return this.tokens[this.at];
  }

  takes(...words) {
    return this.next.kind === "sign" && words.includes(this.next.word) ? this.tokens[this.at++] : null;
  }

  expect(word) {
    if (!this.takes(word)) throw new ParseError(this.next.column, `expected ${word}, found ${this.next.word}`);
  }

  whole() {
    const tree = this.sum();
    if (this.next.kind !== "end") throw new ParseError(this.next.column, `${this.next.word} is not understood here`);
    return tree;
  }

  binary(operand, ...signs) {
    let tree = operand();
    for (let sign; (sign = this.takes(...signs)); ) tree = { kind: "binary", sign: sign.word, column: sign.column, parts: [tree, operand()] };
    return tree;
  }

  sum() {
    return this.binary(() => this.product(), "+", "-");
  }

  product() {
    return this.binary(() => this.signed(), "*", "/", "//", "%");
  }

  signed() {
    const sign = this.takes("+", "-");
    if (!sign) return this.power();
    const part = this.signed();
    if (sign.word === "-" && part.kind === "number" && !part.isSigned) return { ...part, value: -part.value, isSigned: true };
    return { kind: "unary", sign: sign.word, column: sign.column, parts: [part] };
  }

  power() {
    const base = this.atom(), sign = this.takes("**");
    return sign ? { kind: "binary", sign: "**", column: sign.column, parts: [base, this.signed()] } : base;
  }

  atom() {
    const token = this.next;
    if (token.kind === "number") {
      this.at++;
      return { kind: "number", value: Number(token.word.replaceAll("_", "")), column: token.column, parts: [] };
    }
    if (token.kind === "name") return this.named();
    if (this.takes("(")) {
      const tree = this.sum();
      this.expect(")");
      return tree;
    }
    throw new ParseError(token.column, `${token.word} is not understood here`);
  }

  named() {
    const { word, column } = this.tokens[this.at++], name = word.normalize("NFKC");
    if (KEYWORDS.has(name)) throw new ParseError(column, `${name} is a word of Python`);
    if (this.takes("(")) return { kind: "call", name, column, parts: this.items(")", () => this.argument()) };
    if (name.startsWith("_")) throw new ParseError(column, "a name must begin with a letter");
    return { kind: "name", name, column, parts: [] };
  }

  argument() {
    const { column } = this.next;
    if (!this.takes("[")) return this.sum();
    return { kind: "list", column, parts: this.items("]", () => this.sum()) };
  }

  items(end, item) {
    const found = [];
    while (!this.takes(end)) {
      found.push(item());
      if (!this.takes(",")) {
        this.expect(end);
        break;
      }
    }
    return found;
  }
}

/** A graph under construction: its nodes, and the leaf of each name. */
class Graph {
  constructor(table) {
    Object.assign(this, { table, ops: [], parents: [], data: [], labels: [], leaves: new Map(), rules: table.rules });
  }

  leaf(value, label = "") {
    return this.push("", [], value, label);
  }

  push(op, parents, value = NaN, label = "") {
    this.ops.push(op);
    this.parents.push(parents);
    this.data.push(value);
    this.labels.push(label);
    return this.ops.length - 1;
  }

  /** Make what the engine reads: the operations in order, and their operands. */
  finish() {
    this.operations = this.ops.flatMap((op, node) => (op ? [node] : []));
    this.wires = wired(this);
    return this;
  }

  add(tree, depth = 1) {
    if (depth > MAX_DEPTH) throw new ParseError(tree.column, `nested more than ${MAX_DEPTH} levels deep`);
    if (tree.kind === "number") return this.leaf(tree.value);
    if (tree.kind === "name") return this.name(tree.name);
    if (tree.kind === "list") throw new ParseError(tree.column, "a list can only be an operand of dot, sum and the like");
    if (tree.kind === "call") return this.call(tree, depth);
    const { signs } = this.table;
    if (tree.kind === "unary") return this.push(signs.unary[tree.sign], [this.add(tree.parts[0], depth + 1)]);
    const [x, y] = tree.parts;
    if (tree.sign !== "**" || hasName(y)) return this.push(signs.binary[tree.sign], [this.add(x, depth + 1), this.add(y, depth + 1)]);
    const base = this.add(x, depth + 1); // a constant exponent needs no logarithm of x
    return this.push(signs.power, [base, this.leaf(constant(y, this.table))]);
  }

  name(name) {
    if (!this.leaves.has(name)) this.leaves.set(name, this.leaf(CONSTANTS[name] ?? 1, name));
    return this.leaves.get(name);
  }

  call({ name, column, parts }, depth) {
    const { folds, rules } = this.table;
    if (folds.includes(name)) {
      const elements = parts.length === 1 && parts[0].kind === "list" ? parts[0].parts : parts;
      if (!elements.length) throw new ParseError(column, `${name} needs at least one operand`);
      return this.fold(name, elements.map((part) => this.add(part, depth + 1)));
    }
    const rule = rules[name];
    if (!rule || !rule.operands) throw new ParseError(column, `there is no function ${name}`);
    if (parts.length > rule.operands.length || parts.length < rule.operands.length - rule.defaults.length) {
      throw new ParseError(column, `call it as ${name}(${rule.operands.join(", ")})`);
    }
    const lengths = new Set(), operands = [];
    parts.forEach((part, k) => {
      if (rule.lists[k] !== (part.kind === "list")) throw new ParseError(part.column, `${name} takes ${rule.lists[k] ? "a list" : "a number"} as ${rule.operands[k]}`);
      if (part.kind === "list") lengths.add(part.parts.length);
      operands.push(...(part.kind === "list" ? part.parts : [part]).map((inner) => this.add(inner, depth + 1)));
    });
    if (lengths.size > 1 || lengths.has(0)) throw new ParseError(column, `${name} needs lists of equal length with at least one element`);
    for (let k = parts.length; k < rule.operands.length; k++) operands.push(this.leaf(rule.defaults[k - rule.operands.length + rule.defaults.length]));
    return this.push(name, operands);
  }

  fold(name, nodes) {
    const { signs } = this.table;
    if (name === "mean") return this.push(signs.binary["/"], [this.push("sum", nodes), this.leaf(nodes.length)]);
    if (name === "sum" || name === "logsumexp") return this.push(name, nodes);
    const row = name === "max" ? "maximum" : "minimum";
    return nodes.length === 1 ? this.push(signs.unary["+"], nodes) : nodes.reduce((x, y) => this.push(row, [x, y]));
  }
}

const hasName = (tree) => tree.kind === "name" || tree.kind === "call" || tree.parts.some(hasName);

/** The value of a tree without names. */
function constant(tree, table) {
  const graph = new Graph(table);
  graph.add(tree);
  return evaluate(graph.finish(), graph.data).at(-1);
}

/** The graph of a text; throws a ParseError if it is not an expression. */
function graphOf(text, table) {
  const graph = new Graph(table);
  try {
    graph.add(new Parser(text.replaceAll("\n", " ").trim()).whole());
  } catch (error) {
    if (error instanceof RangeError) throw new ParseError(1, "the expression is nested too deeply");
    throw error;
  }
  return graph.finish();
}
