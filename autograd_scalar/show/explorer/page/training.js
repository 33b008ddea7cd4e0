// Replay of a training run: recorded epochs, loss, and decision boundary.

const MARKS = ["●", "■", "▲", "◆", "▼", "✚", "✖", "★"];
const CELLS = 40;
const TITLES = { loss: "training loss", val_loss: "validation loss", accuracy: "accuracy", val_accuracy: "validation accuracy" };

function training(graph, recorded, state, changed) {
  const frames = recorded.frames.map((frame) => frame.map(Number)), canvas = byId("boundary");
  const points = recorded.points.map((point) => point.map(Number)), [first, second] = recorded.inputs, { colours } = recorded;
  const flat = points.length > 0 && first >= 0 && second >= 0 && recorded.outputs.every((node) => node >= 0);
  const span = [0, 1].map((axis) => {
    const numbers = points.map((point) => point[axis]), low = Math.min(...numbers), high = Math.max(...numbers);
    const room = 0.12 * (high - low || 1);
    return [low - room, high + room];
  });
  const columns = Object.entries(recorded.columns).map(([name, column]) => [TITLES[name], column.map((x) => (x === null ? NaN : Number(x)))]);
  const losses = columns.length && columns[0][0] === TITLES.loss ? columns[0][1] : [], slider = byId("frame");
  byId("training").hidden = false;
  canvas.hidden = !flat;
  slider.max = frames.length - 1;

  function show(frame) {
    recorded.parameters.forEach((node, i) => { if (node >= 0) state.data[node] = frames[frame][i + 1]; });
    state.frame = frame;
    changed();
  }

  // The operations that depend on the inputs: only these are evaluated for each cell.
  const moving = new Set([first, second]);
  graph.operations.forEach((node) => { if (graph.parents[node].some((parent) => moving.has(parent))) moving.add(node); });
  const needed = graph.operations.filter((node) => moving.has(node) && node <= Math.max(...recorded.outputs));

  function scores(values, x, y) {
    values[first] = x;
    values[second] = y;
    for (const node of needed) values[node] = rows[graph.ops[node]][0](...gathered(graph.wires[node], values));
    const outputs = recorded.outputs.map((node) => values[node]);
    return outputs.length > 1 ? outputs : [recorded.threshold - outputs[0], outputs[0] - recorded.threshold];
  }

  // The lead of each class over the best other one, at the corners of all cells.
  function leads(values) {
    const copy = values.slice(), at = (axis, share) => span[axis][0] + share * (span[axis][1] - span[axis][0]);
    return Array.from({ length: (CELLS + 1) ** 2 }, (_, i) => {
      const all = scores(copy, at(0, (i % (CELLS + 1)) / CELLS), at(1, 1 - Math.floor(i / (CELLS + 1)) / CELLS));
      return all.map((score, kind) => score - Math.max(...all.filter((_, other) => other !== kind)));
    });
  }

  function paint(values) {
    const brush = canvas.getContext("2d"), { width, height } = canvas, found = leads(values), across = CELLS + 1;
    const sizes = found.map((lead) => Math.max(...lead)).filter(Number.isFinite).sort((a, b) => a - b);
    const most = sizes[Math.floor(sizes.length * 0.9)] || 1;
    const shades = html("canvas", { width: across, height: across }), small = shades.getContext("2d");
    found.forEach((lead, i) => {
      const kind = Math.max(0, lead.indexOf(Math.max(...lead)));
      small.globalAlpha = 0.1 + 0.45 * Math.min(1, lead[kind] / most);
      small.fillStyle = colours[kind % colours.length];
      small.fillRect(i % across, Math.floor(i / across), 1, 1);
    });
    brush.fillStyle = "#ffffff";
    brush.fillRect(0, 0, width, height);
    brush.drawImage(shades, 0.5, 0.5, CELLS, CELLS, 0, 0, width, height);
    brush.strokeStyle = "#1b2026";
    brush.lineWidth = 4;
    brush.beginPath();
    for (let kind = found[0].length > 2 ? 0 : 1; kind < found[0].length; kind++) contour(brush, found.map((lead) => lead[kind]), width / CELLS, height / CELLS);
    brush.stroke();
    brush.textAlign = "center";
    brush.textBaseline = "middle";
    brush.font = "23px sans-serif";
    const place = (x, y) => [(x - span[0][0]) / (span[0][1] - span[0][0]) * width, height - (y - span[1][0]) / (span[1][1] - span[1][0]) * height];
    for (const [x, y, kind] of points) {
      brush.strokeStyle = "#ffffff";
      brush.lineWidth = 6;
      brush.strokeText(MARKS[kind % MARKS.length], ...place(x, y));
      brush.fillStyle = colours[kind % colours.length];
      brush.fillText(MARKS[kind % MARKS.length], ...place(x, y));
    }
    const [x, y] = place(values[first], values[second]);
    brush.strokeStyle = "#1b2026";
    brush.lineWidth = 4;
    brush.strokeRect(x - 17, y - 17, 34, 34);
  }

  // The zero line of a function given at the corners of all cells: a segment in each cell it crosses.
  function contour(brush, numbers, wide, high) {
    for (let row = 0; row < CELLS; row++) {
      for (let column = 0; column < CELLS; column++) {
        const at = row * (CELLS + 1) + column;
        const corners = [[column, row, numbers[at]], [column + 1, row, numbers[at + 1]],
          [column + 1, row + 1, numbers[at + CELLS + 2]], [column, row + 1, numbers[at + CELLS + 1]]];
        let crossed = 0;
        corners.forEach(([x, y, here], i) => {
          const [a, b, there] = corners[(i + 1) % 4];
          if (here > 0 === there > 0) return;
          const share = here / (here - there);
          brush[crossed++ % 2 ? "lineTo" : "moveTo"]((x + share * (a - x)) * wide, (y + share * (b - y)) * high);
        });
      }
    }
  }

  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const shares = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    [first, second].forEach((node, axis) => { state.data[node] = span[axis][0] + shares[axis] * (span[axis][1] - span[axis][0]); });
    changed();
  });
  let playing = 0;
  function play(on) {
    clearInterval(playing);
    playing = on ? setInterval(() => (state.frame < frames.length - 1 ? show(state.frame + 1) : play(false)), 120) : 0;
    byId("replay").replaceChildren(icon(playing ? "pause" : "play"));
  }
  slider.addEventListener("input", () => { play(false); show(Number(slider.value)); });
  byId("replay").addEventListener("click", () => { if (!playing && state.frame === frames.length - 1) show(0); play(!playing); });
  play(false);
  const listed = recorded.classes.map((name, i) => `${MARKS[i % MARKS.length]} ${name}`).join("   ");
  byId("fit-note").textContent = flat ? `${listed}   □ the sample in the graph; click to move it (${recorded.features.join(", ")})` : "";
  canvas.setAttribute("role", "img");

  return {
    show,
    frames: frames.length,
    dataAt(frame) {
      const data = graph.data.slice();
      recorded.parameters.forEach((node, i) => { if (node >= 0) data[node] = frames[frame][i + 1]; });
      return data;
    },
    update(values) {
      const epoch = frames[state.frame][0], loss = losses[epoch];
      slider.value = state.frame;
      slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
      const known = columns.filter(([, column]) => epoch || !Number.isNaN(column[0])).map(([title, column]) => `${title} ${format(column[epoch])}`);
      byId("epoch").textContent = [`epoch ${epoch}${epoch ? "" : ", before training"}`, known.join(", ")].filter(Boolean).join(": ");
      if (losses.length) byId("curve").replaceChildren(plot(losses, TITLES.loss, epoch));
      canvas.setAttribute("aria-label", `decision boundary at epoch ${epoch}` + (loss === undefined ? "" : `, ${TITLES.loss} ${format(loss)}`));
      if (flat) paint(values);
    },
  };
}
