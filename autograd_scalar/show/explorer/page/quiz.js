// The quiz: before a step it asks for the result: first its sign or size, then the number. A wrong
// number is compared with those that typical mistakes give, and each idea has its own score.

const near = (a, b) => a === b || Math.abs(a - b) <= 0.01 * Math.max(Math.abs(b), 0.01) || (a !== a && b !== b);
// Choices by key.
const SIGNS = new Map([["-", "negative"], ["0", "zero"], ["+", "positive"]]), SIZES = new Map([["<", "smaller"], ["=", "equal"], [">", "larger"]]);
const signOf = (x) => (x > 0 ? "positive" : x < 0 ? "negative" : x === 0 ? "zero" : "");

// Ask for the result of the next step; return false if there is none.
function ask() {
  if (question) { (question.choices ? byId("choices").firstChild : byId("answer")).focus(); return true; }
  if (state.time === LAST || state.time === count) return false;
  const asked = state.time < count ? valueQuestion(graph.operations[now.forward]) : gradientQuestion(graph.operations[count - 1 - now.sent]);
  question = asked;
  play(false);
  byId("asked").textContent = asked.text;
  byId("question").hidden = false;
  byId("answer").value = "";
  showStage();
  update();
  return true;
}

function valueQuestion(node) {
  const written = notation(graph, now.values), answer = now.values[node], parents = graph.parents[node];
  const operands = parents.map((parent) => now.values[parent]), suspects = [[-answer, "sign", "The size is right, the sign is not."]];
  if (parents.length === 2 && !graph.rules[graph.ops[node]].lists.includes(true)) {
    const swapped = rows[graph.ops[node]][0](operands[1], operands[0]);
    suspects.push([swapped, "operands exchanged", `The order counts: it is ${written.numbers(node)}.`]);
  }
  return {
    node, isValue: true, answer, idea: "values", suspects, tries: 0, text: `${written.name(node)} = ${written.formula(node)} = ?`,
    hint: `It is ${written.numbers(node)}.`,
    ...(operands.some((x) => !(x > 0)) ? bySign(answer, "Is it negative, zero or positive?") : {}),
  };
}

function gradientQuestion(sender) {
  const written = notation(graph, now.values), parents = graph.parents[sender];
  const after = propagate(graph, now.partials, now.sent + 1), isWhole = (parent) => after.added[parent] === graph.uses[parent].length;
  const node = parents.find((parent) => isWhole(parent) && graph.names[parent]) ?? parents.find((parent) => graph.names[parent]) ?? parents[0];
  const answer = after.grads[node], before = now.grads[node], upstream = now.grads[sender];
  const places = parents.flatMap((parent, place) => (parent === node ? [place] : []));
  const locals = places.map((place) => now.partials[sender][place]), local = locals.reduce((a, b) => a + b);
  const arriving = `${written.derivative(sender)} = ${format(upstream)}`;
  const sized = before === 0 && places.length === 1 && upstream > 0 && local > 0;
  const ratio = Math.abs(answer) - Math.abs(upstream);
  return {
    node, isValue: false, answer, tries: 0, idea: graph.uses[node].length > 1 ? "sums over paths" : "chain rule",
    text: `${written.name(sender)} propagates its gradient: ${written.derivative(node)}${isWhole(node) ? "" : " so far"} = ?`,
    hint: `Upstream ${arriving}, times the local derivative ${written.local(sender, places[0], now.branches)}${before ? `, added to ${format(before)}` : ""}.`,
    suspects: mistakes(sender, places, { before, upstream, locals, local, arriving, name: written.name(node), input: format(now.values[node]) }),
    ...(sized ? { choices: SIZES, right: ratio < 0 ? "smaller" : ratio > 0 ? "larger" : "equal", topic: "sizes", leading: `Compared with the upstream gradient, ${arriving}: smaller, equal or larger?` }
      : bySign(answer, "Is it negative, zero or positive?")),
  };
}

const bySign = (answer, leading) => (signOf(answer) ? { choices: SIGNS, right: signOf(answer), topic: answer === 0 ? "zeros" : "signs", leading } : {});

// The numbers that typical mistakes give, each with its name and a hint, the most telling first.
function mistakes(sender, places, { before, upstream, locals, local, arriving, name, input }) {
  const own = graph.parents[sender], z = now.values[sender];
  const sent = upstream * local, found = [
    [before + local, "upstream forgotten", `That is the local derivative alone. Multiply it by the upstream gradient, ${arriving}.`],
  ];
  if (before) {
    found.push([sent, "= for +=", `That is what this use sends alone, = in place of +=. Add it to the ${format(before)} from the other uses.`],
      [before, "one path forgotten", "That is what the other uses have sent. This use adds its share."]);
  }
  if (locals.length > 1) {
    for (const each of locals) found.push([before + upstream * each, "one path forgotten", `${name} is used ${locals.length} times here, and each use sends a share: add them.`]);
  }
  if (!graph.rules[graph.ops[sender]].lists.includes(true)) {
    const at = own.map((parent, place) => (places.includes(place) ? z : now.values[parent])), row = rows[graph.ops[sender]];
    const there = row[1](row[0](...at), ...at), slope = places.reduce((sum, place) => sum + there[place], 0);
    found.push([before + upstream * slope, "slope at the output", `That is the local derivative at the output, ${format(z)}. Take it at the input, ${name} = ${input}.`]);
    own.forEach((_, place) => {
      if (!places.includes(place)) found.push([before + upstream * now.partials[sender][place], "the other operand", `That is the derivative with respect to the other operand. Take the one with respect to ${name}.`]);
    });
  }
  found.push([before + upstream, "local derivative forgotten", "That is the upstream gradient unchanged. Multiply it by the local derivative."],
    [-(before + sent), "sign", "The size is right, the sign is not."]);
  return found;
}

// ----- answering -----

function showStage() {
  const { choices, leading } = question, isChoice = Boolean(choices);
  byId("choices").hidden = !isChoice;
  for (const id of ["answer", "check"]) byId(id).hidden = isChoice;
  byId("choices").replaceChildren(...[...(choices || [])].map(([key, word]) => {
    const button = html("button", { type: "button", "aria-keyshortcuts": key }, `${key.replace("-", "−")} ${word}`);
    button.addEventListener("click", () => checkChoice(word));
    return button;
  }));
  const prompt = isChoice ? leading : "The number, or an expression such as 0.5*2 or -w*x:";
  byId("status").textContent = question.said ? `${question.said} ${prompt}` : prompt;
  (isChoice ? byId("choices").firstChild : byId("answer")).focus();
}

function credit(idea, isRight) {
  const scores = (state.score[idea] ||= { right: 0, asked: 0 });
  scores.asked += 1;
  scores.right += isRight;
}

function checkChoice(word) {
  const { right, topic, answer } = question, isRight = word === right;
  credit(topic, isRight);
  if (answer === 0 && isRight) return resolve("Right. ");
  question.said = isRight ? `Right, ${right}.` : `No, ${right}.`;
  question.choices = null;
  showStage();
  updateScore();
}

function checkAnswer(text) {
  const { answer, suspects, tries, hint } = question;
  if (!text.trim()) return resolve("");
  let guess;
  try {
    guess = reckon(text, namedNumbers(graph, now));
  } catch (error) {
    byId("status").textContent = `${text}: ${error.message}`;
    return;
  }
  const isRight = near(guess, answer);
  if (!tries) credit(question.idea, isRight);
  if (isRight) return resolve("Right. ");
  const [, mistake, told] = suspects.find(([number]) => near(guess, number) && !near(number, answer)) || [];
  if (mistake) state.mistakes[mistake] = (state.mistakes[mistake] || 0) + 1;
  if (tries) return resolve(`Not ${format(guess, 6)}. ${told ? `${told} ` : ""}`);
  question.tries = 1;
  byId("status").textContent = `Not ${format(guess, 6)}. ${told || hint} Try once more.`;
  byId("answer").select();
  updateScore();
}

// Take the step that was asked for, with its result behind a verdict.
function resolve(verdict) {
  const { text, answer } = question;
  go(state.time + 1);
  byId("status").textContent = `${verdict}${text.replace(/\?$/, format(answer, 6))}`;
  byId("next").focus();
  updateScore();
}

function updateScore() {
  const scores = Object.entries(state.score), total = (kind) => scores.reduce((sum, [, score]) => sum + score[kind], 0);
  byId("quiz").hidden = !scores.length;
  byId("score").textContent = scores.length ? `${total("right")} of ${total("asked")} right` : "";
  byId("ideas").replaceChildren(...scores.map(([idea, { right, asked }]) =>
    html("li", {}, html("span", {}, idea), html("meter", { min: 0, max: asked, value: right, "aria-label": idea }), html("span", { class: "mono" }, `${right} of ${asked}`))));
  byId("mistakes").textContent = Object.entries(state.mistakes).map(([mistake, times]) => mistake + (times > 1 ? ` (${times} times)` : "")).join(", ");
}

function dropQuestion() {
  question = null;
  byId("question").hidden = true;
}
