// One sample at the present weights: the forward pass neuron by neuron, the loss, and the gradient on its way back.

class Sample {
  constructor(network, point, label, objective) {
    this.network = network;
    this.objective = objective;
    this.target = targetOf(label, objective);
    this.pass = new Pass(network, 1);
    this.pass.inputs.set(point);
    this.gradient = new Float64Array(network.parameters.length);
    const neurons = network.layers.flatMap(({ nout }, layer) => Array.from({ length: nout }, (_, neuron) => ({ layer, neuron })));
    /** The events, in order. */
    this.events = [
      ...neurons.map((place) => ({ phase: "forward", ...place })),
      { phase: "loss" },
      ...neurons.reverse().map((place) => ({ phase: "backward", ...place })),
    ];
    this.time = 0;
    this.compute();
  }

  compute() {
    const last = this.network.layers.length - 1, seed = this.pass.byValues[last], loss = new Float64Array(1);
    this.pass.forward(true);
    losses[this.objective](1, this.pass.values[last], Float64Array.of(this.target), loss, seed);
    this.loss = loss[0];
    this.pass.backward(this.gradient);
  }

  /** The event that has just happened, if any. */
  get event() {
    return this.events[this.time - 1];
  }

  move(by) {
    this.time = Math.max(0, Math.min(this.events.length, this.time + by));
  }

  /** Return true if an event of a phase at a neuron has happened. */
  has(phase, layer, neuron) {
    const at = this.events.findIndex((e) => e.phase === phase && e.layer === layer && e.neuron === neuron);
    return at >= 0 && at < this.time;
  }

  /** The number in a cell: its value or, after its backward step, the derivative of the loss with respect to its sum. */
  cell(layer, neuron) {
    if (layer < 0) return { text: short(this.pass.inputs[neuron]), phase: "forward" };
    const active = this.event && this.event.layer === layer && this.event.neuron === neuron;
    if (this.has("backward", layer, neuron)) return { text: short(this.pass.bySums[layer][neuron]), phase: "backward", active };
    if (this.has("forward", layer, neuron)) return { text: short(this.pass.values[layer][neuron]), phase: "forward", active };
    return { text: "?", active };
  }

  /** Return true if the present event runs along an edge. */
  runsAlong(layer, neuron, input) {
    const event = this.event;
    if (!event) return false;
    if (event.phase === "forward") return event.layer === layer && event.neuron === neuron;
    return event.phase === "backward" && event.layer === layer - 1 && event.neuron === input;
  }

  inputOf(layer, input) {
    return layer ? this.pass.values[layer - 1][input] : this.pass.inputs[input];
  }

  /** The present event in words: a title, sentences and a table. */
  describe() {
    const { event } = this;
    if (!event) return { title: `A point of ${this.className}`, lines: ["Press → to compute the first neuron."] };
    if (event.phase === "forward") return this.describeForward(event);
    if (event.phase === "loss") return this.describeLoss();
    return this.describeBackward(event);
  }

  describeForward({ layer, neuron }) {
    const { network, pass } = this, { nin, nout, activation } = network.layers[layer];
    const name = nameOf(network, layer, neuron), sum = pass.sums[layer][neuron];
    const rows = Array.from({ length: nin }, (_, input) => {
      const w = network.parameters[network.index(layer, neuron, input)], x = this.inputOf(layer, input);
      return [nameOf(network, layer - 1, input), short(x), `× ${short(w)}`, short(step(0, w, x, 0))];
    });
    rows.push(["bias", "", "", short(network.parameters[network.index(layer, neuron, nin)])], ["sum", "", "", short(sum)]);
    const lines = activation === "linear"
      ? [`${name} is the sum itself, ${short(sum)}.`]
      : [`${name} = ${activation}(${short(sum)}) = ${short(pass.values[layer][neuron])}.`];
    if (activation === "relu") lines.push(sum > 0 ? "The sum is above 0, so relu passes it on unchanged." : "The sum is not above 0, so relu gives 0.");
    return { title: `Forward: ${name}`, lines, head: ["from", "value", "weight", "product"], rows };
  }

  describeLoss() {
    const last = this.network.layers.length - 1, score = this.pass.values[last][0];
    return {
      title: "The loss L",
      lines: [
        `${words(this.objective)} of the score ${short(score)} for the target ${this.target}: L = ${short(this.loss)}.`,
        `Its slope is where the gradient starts: ∂L/∂score = ${short(this.pass.byValues[last][0])}.`,
      ],
    };
  }

  describeBackward({ layer, neuron }) {
    const { network, pass } = this, { nin, activation } = network.layers[layer], name = nameOf(network, layer, neuron);
    const arriving = pass.byValues[layer][neuron], slope = pass.slopes[layer][neuron], through = pass.bySums[layer][neuron];
    const lines = [];
    if (layer < network.layers.length - 1) {
      const uses = Array.from({ length: network.layers[layer + 1].nout }, (_, j) => {
        const w = network.parameters[network.index(layer + 1, j, neuron)];
        return `${short(w)} · ${short(pass.bySums[layer + 1][j])}`;
      });
      const shown = uses.length > 4 ? [...uses.slice(0, 3), `… ${uses.length - 3} more`] : uses;
      lines.push(`∂L/∂${name} = ${shown.join(" + ")} = ${short(arriving)}: a term for each neuron that uses it, weight × its gradient.`);
    } else lines.push(`∂L/∂${name} = ${short(arriving)}.`);
    if (activation !== "linear") lines.push(...slopeSentences(activation, pass.sums[layer][neuron], slope, arriving, through));
    const rows = Array.from({ length: nin + 1 }, (_, input) => {
      const from = input < nin ? nameOf(network, layer - 1, input) : "bias";
      const x = input < nin ? this.inputOf(layer, input) : 1;
      return [from, short(x), `× ${short(through)}`, short(this.gradient[network.index(layer, neuron, input)])];
    });
    return { title: `Backward: ${name}`, lines, head: ["weight of", "value", "∂L/∂sum", "gradient"], rows };
  }
}

/** The effect of an activation on a gradient, and its reason, in sentences. */
function slopeSentences(activation, sum, slope, arriving, through) {
  const lines = [`Through ${activation}: ${short(arriving)} × its slope ${short(slope)} = ${short(through)}.`];
  if (activation === "relu") {
    lines.push(sum > 0
      ? `The sum is ${short(sum)} > 0, where the slope is 1: the gradient passes unchanged.`
      : `The sum is ${short(sum)} ≤ 0, where relu is flat: its slope is 0, so nothing passes and all gradients here are 0.`);
  } else if (Math.abs(slope) < 0.02) lines.push("The activation is nearly flat here, so almost nothing passes.");
  return lines;
}
