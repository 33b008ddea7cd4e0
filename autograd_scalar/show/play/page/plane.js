// The plane of the two inputs: a heat map of each neuron, and the boundary with the points.

/** Points per side of the grid of all heat maps. */
const GRID = 40;

/** The network over a grid of the plane. */
class Maps {
  constructor(network, [left, right, bottom, top]) {
    this.pass = new Pass(network, GRID * GRID);
    this.image = new ImageData(GRID, GRID);
    this.pixels = new Uint32Array(this.image.data.buffer);
    const width = network.widths[0];
    for (let row = 0; row < GRID * GRID; row++) {
      this.pass.inputs[row * width] = left + (right - left) * ((row % GRID) + 0.5) / GRID;
      if (width > 1) this.pass.inputs[row * width + 1] = top - (top - bottom) * (Math.floor(row / GRID) + 0.5) / GRID;
    }
  }

  compute() {
    this.pass.forward(false);
  }

  /** Paint one neuron's map on a canvas of GRID by GRID pixels; layer -1 is the inputs. */
  paint(canvas, layer, neuron) {
    const values = layer < 0 ? this.pass.inputs : this.pass.values[layer];
    const width = layer < 0 ? this.pass.network.widths[0] : this.pass.network.layers[layer].nout;
    let most = 1e-9;
    for (let at = neuron; at < values.length; at += width) most = Math.max(most, Math.abs(values[at]) || 0);
    if (most === Infinity) most = 1e300;
    for (let row = 0, at = neuron; row < GRID * GRID; row++, at += width) this.pixels[row] = pixel(values[at], most);
    canvas.getContext("2d").putImageData(this.image, 0, 0);
  }
}

/** The large plane: the score as colour, its zero as a line, the points, the chosen one in a ring. */
class Plane {
  constructor(canvas) {
    this.canvas = canvas;
    this.map = document.createElement("canvas");
    this.map.width = this.map.height = GRID;
  }

  place([x, y], [left, right, bottom, top]) {
    return [((x - left) / (right - left)) * this.width, ((top - y) / (top - bottom)) * this.height];
  }

  /** The point of the plane under the pointer. */
  under(event, [left, right, bottom, top]) {
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    return [left + (right - left) * x, top - (top - bottom) * y];
  }

  draw(maps, samples, bounds, chosen) {
    const { context, width, height } = fitted(this.canvas);
    Object.assign(this, { width, height });
    const last = maps.pass.network.layers.length - 1;
    maps.paint(this.map, last, 0);
    context.imageSmoothingEnabled = true;
    context.globalAlpha = 0.55;
    context.drawImage(this.map, 0, 0, width, height);
    context.globalAlpha = 1;
    this.line(context, maps.pass.values[last]);
    samples.points.forEach((point, k) => this.dot(context, this.place(point, bounds), samples.labels[k], k === chosen));
  }

  /** The zero line of the score, by marching squares. */
  line(context, scores) {
    const cell = [this.width / GRID, this.height / GRID];
    context.beginPath();
    for (let row = 0; row < GRID - 1; row++) {
      for (let column = 0; column < GRID - 1; column++) {
        const at = row * GRID + column;
        const corners = [[0, 0, scores[at]], [1, 0, scores[at + 1]], [1, 1, scores[at + GRID + 1]], [0, 1, scores[at + GRID]]];
        const crossings = [];
        corners.forEach(([x, y, a], k) => {
          const [u, v, b] = corners[(k + 1) % 4];
          if (a > 0 !== b > 0) crossings.push([x + ((u - x) * a) / (a - b), y + ((v - y) * a) / (a - b)]);
        });
        for (let k = 0; k + 1 < crossings.length; k += 2) {
          for (const [end, move] of [[crossings[k], "moveTo"], [crossings[k + 1], "lineTo"]]) {
            context[move]((column + 0.5 + end[0]) * cell[0], (row + 0.5 + end[1]) * cell[1]);
          }
        }
      }
    }
    context.strokeStyle = css(palette.ink);
    context.lineWidth = 1.6;
    context.stroke();
  }

  /** A disc for class 0, a diamond for class 1: shapes beside colours. */
  dot(context, [x, y], label, chosen) {
    const size = chosen ? 6.5 : 4.2;
    context.beginPath();
    if (label) {
      const r = size * 1.25;
      context.moveTo(x, y - r);
      for (const [dx, dy] of [[r, 0], [0, r], [-r, 0]]) context.lineTo(x + dx, y + dy);
      context.closePath();
    } else context.arc(x, y, size, 0, 7);
    context.fillStyle = css(label ? palette.high : palette.low);
    context.fill();
    context.strokeStyle = css(chosen ? palette.ink : palette.card);
    context.lineWidth = chosen ? 2.5 : 1.2;
    context.stroke();
  }
}

/** The losses of the steps so far on a logarithmic scale; of many steps, the largest loss of each group of them. */
class Curve {
  constructor(canvas) {
    this.canvas = canvas;
    this.clear();
  }

  clear() {
    this.losses = [];
    this.every = 1;
    this.count = 0;
  }

  add(loss) {
    const { losses } = this;
    if (this.count++ % this.every === 0) losses.push(loss);
    else if (!(loss <= losses.at(-1))) losses[losses.length - 1] = loss;
    if (losses.length === 1200 && this.count % this.every === 0) {
      this.losses = losses.filter((_, k) => k % 2 === 0).map((first, k) => Math.max(first, losses[2 * k + 1]));
      this.every *= 2;
    }
  }

  draw() {
    const { context, width, height } = fitted(this.canvas);
    const logs = this.losses.map((loss) => Math.log10(Math.min(Math.max(loss, 1e-15), 1e9)));
    const finite = logs.filter((y) => y === y);
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = css(palette.soft);
    if (finite.length < 2) {
      context.fillText("loss by step", 8, 16);
      return;
    }
    const low = Math.floor(Math.min(...finite)), high = Math.max(Math.ceil(Math.max(...finite)), low + 1);
    const left = 40, bottom = height - 6;
    const place = (y) => bottom - ((y - low) / (high - low)) * (bottom - 10);
    const every = Math.ceil((high - low) / 4);
    context.strokeStyle = css(palette.line);
    context.lineWidth = 1;
    for (let power = low; power <= high; power += every) {
      context.fillText(power < -3 || power > 3 ? `1e${power}` : String(10 ** power).slice(0, 6), 4, place(power) + 4);
      context.beginPath();
      context.moveTo(left, place(power));
      context.lineTo(width - 4, place(power));
      context.stroke();
    }
    context.beginPath();
    logs.forEach((y, k) => {
      if (y === y) context.lineTo(left + (k / (logs.length - 1)) * (width - left - 6), place(y));
    });
    context.strokeStyle = css(palette.ink);
    context.lineWidth = 1.6;
    context.stroke();
  }
}
