// Steps through the two passes, playback, and predictions.

function go(time) {
  dropQuestion();
  state.time = Math.min(LAST, Math.max(0, time));
  update();
  const box = picture.boxes[picture.home[now.active]];
  if (box) panTo(box);
}

// Step forward or back; if groups are shown, until another box is active, without showing the steps on the way.
function step(direction) {
  if (direction > 0 && state.predict && ask()) return;
  const before = picture.home[now.active], grouped = picture.boxes.some((one) => one.group);
  let time = state.time, box;
  do box = picture.home[activeAt((time += direction))];
  while (grouped && (box === before || box === undefined) && time > count === now.seeded && time > 0 && time < LAST && time !== count);
  go(time);
}

function play(on) {
  clearInterval(playing);
  playing = on ? setInterval(() => { if (state.time === LAST || question) play(false); else step(1); }, Number(byId("speed").value)) : 0;
  byId("play").replaceChildren(icon(playing ? "pause" : "play"));
  byId("play").setAttribute("aria-label", playing ? "pause" : "play");
}

function toggle() {
  if (!playing && state.time === LAST) go(0);
  play(!playing);
}

// ----- predictions -----

// Ask for the result of the next step; return false if there is none.
function ask() {
  if (question) { byId("answer").focus(); return true; }
  if (state.time === LAST || state.time === count) return false;
  const written = notation(graph, now.values), isValue = state.time < count;
  if (isValue) {
    const node = graph.operations[now.forward];
    question = { node, isValue, answer: now.values[node], text: `${written.name(node)} = ${written.formula(node)} = ?` };
  } else {
    const sender = graph.operations[count - 1 - now.sent], parents = graph.parents[sender];
    const after = propagate(graph, now.partials, now.sent + 1);
    const whole = parents.filter((parent) => after.added[parent] === graph.uses[parent].length);
    const node = whole.find((parent) => graph.names[parent]) ?? parents.find((parent) => graph.names[parent]) ?? parents[0];
    const text = `${written.name(sender)} propagates its gradient: ${written.derivative(node)}${whole.includes(node) ? "" : " so far"} = ?`;
    question = { node, isValue, answer: after.grads[node], text };
  }
  play(false);
  byId("asked").textContent = question.text;
  byId("question").hidden = false;
  byId("status").textContent = "Predict the result of the next step.";
  byId("answer").value = "";
  byId("answer").focus();
  update();
  return true;
}

function checkAnswer(text) {
  const { answer, text: asked } = question, guess = parsed(text);
  if (text.trim() && guess === null) {
    byId("status").textContent = `${text} is not a number`;
    return;
  }
  const right = guess !== null && (guess === answer || Math.abs(guess - answer) <= 0.01 * Math.max(Math.abs(answer), 0.01) || (guess !== guess && answer !== answer));
  if (guess !== null) {
    state.asked += 1;
    state.right += right;
    byId("score").textContent = `${state.right} of ${state.asked} right`;
  }
  go(state.time + 1);
  const verdict = guess === null ? "" : right ? "Right. " : `Not ${format(guess, 6)}. `;
  byId("status").textContent = `${verdict}${asked.replace(/\?$/, format(answer, 6))}`;
  byId("next").focus();
}

function dropQuestion() {
  question = null;
  byId("question").hidden = true;
}
