// The picture of the network: a column of cells for each layer, each cell a heat map of what the neuron makes of the
// plane, and an edge for each weight, whose width shows the weight's size.

const element = (name, className = "", text = "") =>
  Object.assign(document.createElement(name), { className, textContent: text });

/** The name of a neuron: x1, h2·3 or score. */
function nameOf(network, layer, neuron) {
  if (layer < 0) return data.features[neuron] ?? `x${neuron + 1}`;
  return layer === network.layers.length - 1 ? "score" : `h${layer + 1}·${neuron + 1}`;
}

class Net {
  /**
   * @param {HTMLElement} box
   * @param {HTMLCanvasElement} edges
   * @param {(choice: object) => void} choose  called for a cell or an edge
   */
  constructor(box, edges, choose) {
    Object.assign(this, { box, edges, choose });
    /** The cells, by layer (the inputs first) and neuron. */
    this.cells = [];
    edges.addEventListener("click", (event) => this.pick(event));
  }

  /** Make the cells of a network. */
  build(network) {
    this.network = network;
    this.box.querySelectorAll(".cell").forEach((cell) => cell.remove());
    this.cells = network.widths.map((width, column) =>
      Array.from({ length: width }, (_, neuron) => {
        const cell = element("button", "cell"), layer = column - 1;
        const map = element("canvas");
        map.width = map.height = GRID;
        const name = nameOf(network, layer, neuron);
        cell.append(map, element("span", "number"), element("span", "mark"), element("span", "name", column && layer < network.layers.length - 1 ? "" : name));
        cell.setAttribute("aria-label", name);
        cell.title = name;
        cell.addEventListener("click", () => this.choose({ kind: "neuron", layer, neuron }));
        this.box.append(cell);
        return cell;
      }));
    this.layOut();
  }

  /** Place the cells in the box: columns side by side, each in the middle. */
  layOut() {
    const { clientWidth: width, clientHeight: height } = this.box;
    const columns = this.cells.length, most = Math.max(...this.cells.map((column) => column.length));
    const pitch = Math.min(height / most, 96), size = Math.max(14, Math.min(pitch * 0.8, 56, (width / columns) * 0.5));
    this.size = size;
    this.places = this.cells.map((column, k) => {
      const apart = Math.min(height / column.length, Math.max(pitch, size + 24)); // room for the inputs' names
      const x = columns > 1 ? size / 2 + 26 + (k * (width - size - 60)) / (columns - 1) : width / 2;
      return column.map((cell, j) => {
        const y = height / 2 + (j - (column.length - 1) / 2) * apart;
        cell.style.left = `${x - size / 2}px`;
        cell.style.top = `${y - size / 2}px`;
        cell.style.width = cell.style.height = `${size}px`;
        cell.classList.toggle("small", size < 34);
        return [x, y];
      });
    });
  }

  /** The ends of an edge. */
  ends(layer, neuron, input) {
    const [x, y] = this.places[layer][input], [u, v] = this.places[layer + 1][neuron];
    return [x + this.size / 2, y, u - this.size / 2, v];
  }

  /** Call a function for each weight, with its layer, neuron, input and value. */
  eachWeight(visit) {
    this.network.layers.forEach(({ nin, nout }, layer) => {
      for (let j = 0; j < nout; j++) {
        for (let i = 0; i < nin; i++) visit(layer, j, i, this.network.parameters[this.network.index(layer, j, i)]);
      }
    });
  }

  /** Draw edges and heat maps; `chosen` is marked, and `lit` tells the edges that a step of a sample runs along. */
  draw(maps, chosen, lit) {
    const { context } = fitted(this.edges);
    let most = 0.5;
    this.eachWeight((layer, j, i, w) => (most = Math.max(most, Math.min(Math.abs(w) || 0, 1e6))));
    this.eachWeight((layer, j, i, w) => {
      const [x, y, u, v] = this.ends(layer, j, i), bend = (u - x) * 0.45;
      const size = Math.min(Math.abs(w) || 0, most) / most;
      const isChosen = chosen?.kind === "weight" && chosen.layer === layer && chosen.neuron === j && chosen.input === i;
      const touches = chosen?.kind === "neuron" && ((chosen.layer === layer && chosen.neuron === j) || (chosen.layer === layer - 1 && chosen.neuron === i));
      const isLit = lit?.(layer, j, i);
      context.beginPath();
      context.moveTo(x, y);
      context.bezierCurveTo(x + bend, y, u - bend, v, u, v);
      context.strokeStyle = isChosen || isLit ? css(palette.ink) : css(w < 0 ? palette.low : palette.high, touches ? 1 : 0.25 + 0.6 * size);
      context.lineWidth = (isChosen || isLit ? 2 : 0.5) + 4.5 * size;
      context.setLineDash(w < 0 ? [5, 3] : []);
      context.stroke();
    });
    context.setLineDash([]);
    this.cells.forEach((column, k) => column.forEach((cell, j) => {
      maps.paint(cell.firstChild, k - 1, j);
      cell.classList.toggle("chosen", chosen?.kind === "neuron" && chosen.layer === k - 1 && chosen.neuron === j);
    }));
  }

  /** Mark neurons through which no sample passes a gradient. */
  mark(isDead) {
    this.cells.forEach((column, k) => column.forEach((cell, j) => {
      const dead = k > 0 && isDead(k - 1, j);
      if (cell.classList.contains("dead") === dead) return;
      cell.classList.toggle("dead", dead);
      const name = nameOf(this.network, k - 1, j);
      cell.querySelector(".mark").textContent = dead ? "dead" : "";
      cell.setAttribute("aria-label", dead ? `${name}, dead` : name);
    }));
  }

  /** Show a number in each cell, "" for none; `phase` colours them. */
  number(textOf) {
    this.cells.forEach((column, k) => column.forEach((cell, j) => {
      const { text, phase, active } = textOf(k - 1, j) ?? {};
      const span = cell.querySelector(".number");
      span.textContent = text ?? "";
      span.dataset.phase = phase ?? "";
      cell.classList.toggle("active", Boolean(active));
      cell.classList.toggle("blank", text === "?");
    }));
  }

  /** Choose the weight whose edge is nearest to a click, if it is near. */
  pick(event) {
    const box = this.edges.getBoundingClientRect(), at = [event.clientX - box.left, event.clientY - box.top];
    let best = 14, found = null;
    this.eachWeight((layer, neuron, input, w) => {
      const [x, y, u, v] = this.ends(layer, neuron, input), bend = (u - x) * 0.45;
      for (let k = 1; k < 20; k++) {
        const t = k / 20, s = 1 - t;
        const px = s * s * s * x + 3 * s * s * t * (x + bend) + 3 * s * t * t * (u - bend) + t * t * t * u;
        const py = (s * s * s + 3 * s * s * t) * y + (3 * s * t * t + t * t * t) * v;
        const distance = Math.hypot(px - at[0], py - at[1]) - Math.min(Math.abs(w), 2);
        if (distance < best) [best, found] = [distance, { kind: "weight", layer, neuron, input }];
      }
    });
    this.choose(found);
  }
}
