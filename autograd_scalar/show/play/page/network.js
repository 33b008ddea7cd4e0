// A network of dense layers as flat typed arrays, and its training. The compiler prints `dot`, `activations`, `losses`
// and `rules` from the rows of the table; this file has the loops of a dense layer and Adam's corrections.

/** @typedef {{nin: number, nout: number, first: number, activation: string}} Layer */

/** Parameters are in the order of MLP.parameters(): for each neuron its weights, then its bias. */
class Network {
  /**
   * @param {number[]} widths  of the inputs, the hidden layers and the output
   * @param {string} activation  of the hidden layers; the last is linear
   */
  constructor(widths, activation) {
    this.widths = widths;
    this.activation = activation;
    let first = 0;
    /** @type {Layer[]} */
    this.layers = widths.slice(1).map((nout, k) => {
      const nin = widths[k];
      const layer = { nin, nout, first, activation: k < widths.length - 2 ? activation : "linear" };
      first += nout * (nin + 1);
      return layer;
    });
    this.parameters = new Float64Array(first);
  }

  /** The index of a weight among the parameters; of the bias for input nin. */
  index(layer, neuron, input) {
    const { first, nin } = this.layers[layer];
    return first + neuron * (nin + 1) + input;
  }

  /** Draw weights: He's for activations that are flat or small below 0, else Glorot's; biases are 0. */
  initialise(random) {
    const symmetric = ["tanh", "sigmoid", "linear", "sin"].includes(this.activation);
    for (const { nin, nout, first } of this.layers) {
      for (let j = 0; j < nout; j++) {
        for (let i = 0; i < nin; i++) {
          const glorot = Math.sqrt(6 / (nin + nout)) * (2 * random() - 1);
          const he = Math.sqrt(-4 / nin * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
          this.parameters[first + j * (nin + 1) + i] = symmetric ? glorot : he;
        }
        this.parameters[first + j * (nin + 1) + nin] = 0;
      }
    }
  }
}

/** The numbers of one forward and backward pass over some rows. Array k of each kind belongs to layer k. */
class Pass {
  constructor(network, rows) {
    this.network = network;
    this.rows = rows;
    const arrays = () => network.layers.map(({ nout }) => new Float64Array(rows * nout));
    /** Weighted sums, their activations, the slopes of the activations there. */
    this.sums = arrays();
    this.values = arrays();
    this.slopes = arrays();
    /** Derivatives of the loss with respect to the values, and to the sums. */
    this.byValues = arrays();
    this.bySums = arrays();
    this.inputs = new Float64Array(rows * network.widths[0]);
  }

  /** Compute the values of all layers from `inputs`, and the slopes of their activations if `slopes` is true. */
  forward(slopes) {
    const { layers, parameters } = this.network;
    layers.forEach((layer, k) => {
      weigh(this.rows, layer, parameters, k ? this.values[k - 1] : this.inputs, this.sums[k]);
      const loops = activations[layer.activation], count = this.rows * layer.nout;
      if (slopes) loops.slope(count, this.sums[k], this.values[k], this.slopes[k]);
      else loops.value(count, this.sums[k], this.values[k]);
    });
  }

  /** Write the derivatives with respect to the parameters to `gradient`, given those of the last layer's values. */
  backward(gradient) {
    const { layers, parameters } = this.network;
    for (let k = layers.length - 1; k >= 0; k--) {
      const arriving = this.byValues[k], slopes = this.slopes[k], through = this.bySums[k];
      for (let i = 0; i < through.length; i++) through[i] = slopes[i] * arriving[i];
      toParameters(this.rows, layers[k], parameters, k ? this.values[k - 1] : this.inputs, through, gradient);
      if (k) toInputs(this.rows, layers[k], parameters, through, this.byValues[k - 1]);
    }
  }
}

const { step, byWeight, byInput, byBias } = dot;

/** The weighted sums of a layer. Four rows at a time: their chains of additions overlap, and a weight is read once. */
function weigh(rows, { nin, nout, first }, parameters, inputs, sums) {
  for (let j = 0; j < nout; j++) {
    const at = first + j * (nin + 1), bias = parameters[at + nin];
    let row = 0;
    for (; row + 3 < rows; row += 4) {
      let a = bias, b = bias, c = bias, d = bias, x = row * nin;
      for (let i = 0; i < nin; i++, x++) {
        const w = parameters[at + i];
        a = step(a, w, inputs[x]);
        b = step(b, w, inputs[x + nin]);
        c = step(c, w, inputs[x + 2 * nin]);
        d = step(d, w, inputs[x + 3 * nin]);
      }
      const to = row * nout + j;
      sums[to] = a;
      sums[to + nout] = b;
      sums[to + 2 * nout] = c;
      sums[to + 3 * nout] = d;
    }
    for (; row < rows; row++) {
      let z = bias;
      for (let i = 0; i < nin; i++) z = step(z, parameters[at + i], inputs[row * nin + i]);
      sums[row * nout + j] = z;
    }
  }
}

/** The chain rule from a layer's sums to its parameters: for each a sum over the rows. Four weights at a time. */
function toParameters(rows, { nin, nout, first }, parameters, inputs, bySums, gradient) {
  for (let j = 0; j < nout; j++) {
    const at = first + j * (nin + 1);
    let i = 0;
    for (; i + 3 < nin; i += 4) {
      let a = 0, b = 0, c = 0, d = 0;
      for (let row = 0, x = i, u = j; row < rows; row++, x += nin, u += nout) {
        const upstream = bySums[u];
        a += byWeight(0, 0, inputs[x], 0) * upstream;
        b += byWeight(0, 0, inputs[x + 1], 0) * upstream;
        c += byWeight(0, 0, inputs[x + 2], 0) * upstream;
        d += byWeight(0, 0, inputs[x + 3], 0) * upstream;
      }
      gradient[at + i] = a;
      gradient[at + i + 1] = b;
      gradient[at + i + 2] = c;
      gradient[at + i + 3] = d;
    }
    for (; i < nin; i++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += byWeight(0, 0, inputs[row * nin + i], 0) * bySums[row * nout + j];
      gradient[at + i] = sum;
    }
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += byBias(0, 0, 0, 0) * bySums[row * nout + j];
    gradient[at + nin] = sum;
  }
}

/** The chain rule from a layer's sums to its inputs: for each a sum over the neurons. Four rows at a time. */
function toInputs(rows, { nin, nout, first }, parameters, bySums, byInputs) {
  const stride = nin + 1;
  for (let i = 0; i < nin; i++) {
    let row = 0;
    for (; row + 3 < rows; row += 4) {
      let a = 0, b = 0, c = 0, d = 0, u = row * nout;
      for (let j = 0, at = first + i; j < nout; j++, at += stride, u++) {
        const w = parameters[at];
        a += byInput(0, w, 0, 0) * bySums[u];
        b += byInput(0, w, 0, 0) * bySums[u + nout];
        c += byInput(0, w, 0, 0) * bySums[u + 2 * nout];
        d += byInput(0, w, 0, 0) * bySums[u + 3 * nout];
      }
      const to = row * nin + i;
      byInputs[to] = a;
      byInputs[to + nin] = b;
      byInputs[to + 2 * nin] = c;
      byInputs[to + 3 * nin] = d;
    }
    for (; row < rows; row++) {
      let sum = 0;
      for (let j = 0; j < nout; j++) sum += byInput(0, parameters[first + i + j * stride], 0, 0) * bySums[row * nout + j];
      byInputs[row * nin + i] = sum;
    }
  }
}

/** The optimizers: each a rule, and its settings for a step; the names of the settings are in data.rules. */
const OPTIMIZERS = {
  sgd: ["sgd", (rate) => [rate, 0, 0, 0]],
  momentum: ["sgd", (rate) => [rate, 0.9, 0, 0]],
  rmsprop: ["rmsprop", (rate) => [rate, 0.99, 1e-8, 0, 0]],
  // rate and root correct the running means for their start at 0.
  adam: ["adam", (rate, step) => [rate / (1 - 0.9 ** step), Math.sqrt(1 - 0.999 ** step), 0.9, 0.999, 1e-8, 0, 1]],
};

/** Steps of an optimizer over batches of a data set. */
class Trainer {
  /**
   * @param {Network} network
   * @param {{points: number[][], labels: number[]}} samples
   * @param {{loss: string, optimizer: string, rate: number, batch: number}} settings  batch 0 is all samples
   * @param {() => number} random  shuffles the samples for batches
   */
  constructor(network, samples, settings, random) {
    Object.assign(this, { network, samples, settings, random });
    const count = network.parameters.length;
    this.gradient = new Float64Array(count);
    /** The last change of each parameter. */
    this.update = new Float64Array(count);
    this.steps = 0;
    this.resume();
  }

  /** Start the optimizer's running numbers at 0, and size the batch; after a change of the settings. */
  resume() {
    const { optimizer, batch } = this.settings, count = this.samples.points.length;
    [this.rule, this.settingsOf] = OPTIMIZERS[optimizer];
    this.running = data.rules[this.rule].running.map(() => new Float64Array(this.gradient.length));
    this.counted = 0;
    this.size = batch ? Math.min(batch, count) : count;
    this.pass = new Pass(this.network, this.size);
    this.targets = new Float64Array(this.size);
    this.losses = new Float64Array(this.size);
    this.order = this.samples.points.map((_, k) => k);
    this.next = 0;
  }

  /** Load the rows of the next batch: all in order, or the next of a shuffled order. */
  load() {
    const { points } = this.samples;
    if (this.size < points.length && (this.next === 0 || this.next + this.size > points.length)) {
      this.next = 0;
      for (let k = points.length - 1; k > 0; k--) {
        const other = Math.floor(this.random() * (k + 1));
        [this.order[k], this.order[other]] = [this.order[other], this.order[k]];
      }
    } else if (this.loaded === this.pass) return; // the batch is all samples, and has them already
    for (let row = 0; row < this.size; row++) this.place(row, this.order[this.next + row]);
    if (this.size < points.length) this.next += this.size;
    else this.loaded = this.pass;
  }

  place(row, sample) {
    const point = this.samples.points[sample], width = point.length;
    for (let i = 0; i < width; i++) this.pass.inputs[row * width + i] = point[i];
    this.targets[row] = targetOf(this.samples.labels[sample], this.settings.loss);
  }

  /** Compute the loss of a batch and its gradient; return the loss. */
  differentiate() {
    this.load();
    const seeds = this.pass.byValues[this.network.layers.length - 1];
    this.pass.forward(true);
    losses[this.settings.loss](this.size, this.pass.values[this.network.layers.length - 1], this.targets, this.losses, seeds);
    let total = 0;
    for (let row = 0; row < this.size; row++) {
      total += this.losses[row];
      seeds[row] /= this.size;
    }
    this.pass.backward(this.gradient);
    return total / this.size;
  }

  /** Update all parameters once; return the loss before the update. */
  step() {
    const loss = this.differentiate();
    const p = this.network.parameters, count = p.length;
    this.update.set(p);
    const settings = this.settingsOf(this.settings.rate, ++this.counted);
    rules[this.rule](count, p, this.gradient, ...this.running, ...settings, p, ...this.running);
    for (let k = 0; k < count; k++) this.update[k] = p[k] - this.update[k];
    this.steps++;
    return loss;
  }
}

/** The target of a class: -1 or 1, or 0 or 1 for the loss that takes probabilities. */
const targetOf = (label, loss) => (data.signed[loss] ? 2 * label - 1 : label);

/** A generator of numbers from 0 to 1 (Marsaglia's xorshift of 32 bits). */
function generator(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}
