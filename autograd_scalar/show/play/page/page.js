// The page: what is trained, what is chosen, and the frames in which it is drawn.

/** Milliseconds of a frame for steps; the rest is for the picture. */
const BUDGET = 18;

function boundsOf(points) {
  const range = (k) => {
    const all = points.map((point) => point[k] ?? 0), low = Math.min(...all), high = Math.max(...all);
    const margin = (high - low) * 0.15 || 1;
    return [low - margin, high + margin];
  };
  return points.length ? [...range(0), ...range(1)] : [-1.5, 1.5, -1.5, 1.5];
}

const app = {
  settings: recalled(data.settings),
  playing: false,
  speed: Infinity,
  brush: "look",
  chosen: null,
  sample: null,
  sampleAt: -1,

  start() {
    palette.read();
    this.plane = new Plane(byId("plane"));
    this.curve = new Curve(byId("curve"));
    this.net = new Net(byId("net"), byId("edges"), (choice) => this.choose(choice));
    this.panel = new Panel(byId("panel"), this);
    byId("axes").textContent = `→ ${data.features[0]}${data.features[1] ? `  ↑ ${data.features[1]}` : ""}`;
    connect(this);
    this.useSet(this.settings.data);
  },

  // ----- what is trained -----

  useSet(name) {
    const { points, labels, classes } = data.sets[name];
    this.settings.data = name;
    this.samples = { points: points.map((p) => [...p]), labels: [...labels] };
    this.classes = classes;
    this.bounds = boundsOf(points);
    this.rebuild();
  },

  /** Make a network, with the weights that the page was given or with those that the seed draws. */
  rebuild() {
    const { layers, activation, seed } = this.settings;
    this.network = new Network([data.features.length, ...layers, 1], activation);
    const given = data.parameters;
    if (given && given.length === this.network.parameters.length && seed === data.settings.seed) this.network.parameters.set(given);
    else this.network.initialise(generator(seed + 1));
    this.restart();
  },

  reset() {
    this.settings.seed++;
    this.rebuild();
  },

  /** Begin training the present network on the present samples. */
  restart() {
    this.net.build(this.network);
    this.forget();
    this.sample = this.chosen = null;
    this.sampleAt = -1;
    this.renew();
  },

  /** Apply changed samples or settings, with the same weights. */
  renew() {
    const steps = this.trainer?.network === this.network ? this.trainer.steps : 0;
    this.trainer = this.samples.points.length ? new Trainer(this.network, this.samples, this.settings, generator(this.settings.seed + 7)) : null;
    if (this.trainer) this.trainer.steps = steps;
    this.maps = new Maps(this.network, this.bounds);
    this.survey = new Survey(this.network, this.samples, this.settings.loss);
    if (!this.trainer) this.playing = false;
    this.onChange();
    this.changed();
  },

  set(changes) {
    Object.assign(this.settings, changes);
    if (changes.layers) return this.rebuild();
    if (changes.activation) {
      const { parameters } = this.network;
      this.network = new Network(this.network.widths, changes.activation);
      this.network.parameters.set(parameters);
      this.restart();
    } else if ("rate" in changes) {
      this.onChange(); // the trainer reads the settings
      this.first = null;
      this.peak = -Infinity;
    } else this.renew();
    if (changes.loss) this.forget();
  },

  /** Forget the losses so far. */
  forget() {
    this.curve.clear();
    this.first = null;
    this.peak = -Infinity;
  },

  // ----- points -----

  /** The name of a class, "class 0" if it is only a number. */
  nameOfClass(label) {
    const name = this.classes[label];
    return Number.isFinite(Number(name)) ? `class ${name}` : name;
  },

  useBrush(name) {
    this.brush = name;
    this.onChange();
  },

  nearest([x, y]) {
    const [left, right, bottom, top] = this.bounds;
    const distances = this.samples.points.map(([u, v = 0]) => Math.hypot((u - x) / (right - left), (v - y) / (top - bottom)));
    const best = distances.indexOf(Math.min(...distances));
    return distances[best] < 0.06 ? best : -1;
  },

  touch(point) {
    if (this.brush === "look") return this.openSample(this.nearest(point));
    const { points, labels } = this.samples, near = this.nearest(point);
    if (this.brush === "erase") {
      if (near < 0) return;
      points.splice(near, 1);
      labels.splice(near, 1);
    } else {
      points.push(point.slice(0, data.features.length));
      labels.push(Number(this.brush.at(-1)));
    }
    this.settings.data = "points";
    this.closeSample();
    this.renew();
  },

  // ----- what is chosen -----

  choose(choice) {
    this.closeSample();
    this.chosen = choice;
    this.changed();
  },

  openSample(at) {
    if (at < 0) return this.choose(null);
    this.pause();
    this.chosen = null;
    this.sampleAt = at;
    this.sample = new Sample(this.network, this.samples.points[at], this.samples.labels[at], this.settings.loss);
    this.sample.className = this.nameOfClass(this.samples.labels[at]);
    this.changed();
  },

  closeSample() {
    this.sample = null;
    this.sampleAt = -1;
  },

  nextSample(by) {
    const count = this.samples.points.length;
    const from = this.sampleAt < 0 && by < 0 ? count : this.sampleAt; // the last one comes before the first
    if (count) this.openSample((from + by + count) % count);
  },

  stepSample(by) {
    this.sample.move(by);
    this.changed();
  },

  // ----- training -----

  toggle() {
    if (this.playing) return this.pause();
    if (!this.trainer) return;
    this.closeSample();
    this.playing = true;
    this.then = null;
    this.owed = 0;
    icon(byId("play"), "pause");
    byId("play").setAttribute("aria-label", "pause");
    this.changed();
  },

  pause() {
    this.playing = false;
    icon(byId("play"), "play");
    byId("play").setAttribute("aria-label", "train");
    this.changed();
  },

  step() {
    if (!this.trainer) return;
    const time = this.sample?.time, at = this.sampleAt;
    this.advance();
    if (this.sample) {
      this.openSample(at);
      this.sample.time = time;
    }
    this.changed();
  },

  advance() {
    const loss = this.trainer.step();
    this.first ??= loss;
    this.peak = Math.max(this.peak, loss);
    this.curve.add(loss);
    if (loss !== loss) this.pause();
  },

  // ----- frames -----

  changed() {
    this.pending ??= requestAnimationFrame((now) => this.frame(now));
  },

  frame(now) {
    this.pending = null;
    if (this.playing) this.run(now);
    this.draw();
    if (this.playing) this.changed();
  },

  /** Take the steps of a frame: those due at this speed, as far as the time allows. */
  run(now) {
    const start = performance.now();
    this.owed = this.speed === Infinity ? Infinity : Math.min(this.owed + (this.speed * (now - (this.then ?? now - 1000 / this.speed))) / 1000, 1000);
    this.then = now;
    for (; this.owed >= 1 && this.playing && performance.now() - start < BUDGET; this.owed--) this.advance();
  },

  draw() {
    this.maps.compute();
    this.survey.compute();
    this.plane.draw(this.maps, this.samples, this.bounds, this.sampleAt);
    this.curve.draw();
    const { sample } = this;
    this.net.draw(this.maps, this.chosen, sample && ((...edge) => sample.runsAlong(...edge)));
    this.net.mark((layer, neuron) => this.survey.isDead(layer, neuron));
    this.net.number((layer, neuron) => sample?.cell(layer, neuron));
    if (!this.playing || this.chosen || !(this.frames = ((this.frames ?? 0) + 1) % 6)) this.panel.show();
    this.tell();
  },

  /** The figures in the header, and the message below it. */
  tell() {
    const { survey, trainer } = this, count = this.samples.points.length;
    byId("steps").textContent = (trainer?.steps ?? 0).toLocaleString("en");
    byId("loss").textContent = short(survey.loss);
    const right = count ? Math.floor((100 * survey.right) / count) : 0;
    byId("right").textContent = `${right} %`;
    byId("right").parentElement.classList.toggle("all", right === 100);
    byId("plane").setAttribute("aria-label", `${count} points, ${right} % classified correctly`);
    byId("curve").setAttribute("aria-label", `loss by step, now ${short(survey.loss)}`);
    const text = this.sentence(right);
    if (byId("message").textContent !== text) byId("message").textContent = text;
  },

  sentence(right) {
    const { survey, trainer } = this;
    if (!trainer) return "There are no points: choose a class beside the plane and click in the plane to add some.";
    const dead = survey.countDead(), notes = [];
    if (survey.loss !== survey.loss) notes.push("The loss is no longer a number: the steps were so large that the weights overflowed. Choose a smaller rate and start again.");
    else if (right < 100 && this.peak > 3 * this.first + 0.5) {
      notes.push(`The loss jumped from ${short(this.first)} to ${short(this.peak)}: at a rate of ${this.settings.rate} the steps are too long. Choose a smaller rate and start again.`);
    } else if (right === 100) notes.push("All points are classified correctly.");
    if (dead) notes.push(dead === 1 ? "One neuron is dead: click it to see why." : `${dead} neurons are dead: click one to see why.`);
    return notes.join(" ") || "Press ▶ to train the network.";
  },

  resize() {
    this.net.layOut();
    this.changed();
  },

  recolour() {
    palette.read();
    byId("sets").querySelectorAll("button").forEach((button) => preview(button, button.dataset.name));
    this.changed();
  },
};

/** All samples at the present weights: the loss and its gradient, the correct samples, the dead neurons. */
class Survey {
  constructor(network, samples, loss) {
    const { points, labels } = samples;
    Object.assign(this, { network, labels, objective: loss });
    this.pass = new Pass(network, points.length);
    points.forEach((point, row) => this.pass.inputs.set(point, row * point.length));
    this.targets = Float64Array.from(labels, (label) => targetOf(label, loss));
    this.losses = new Float64Array(points.length);
    this.gradient = new Float64Array(network.parameters.length);
  }

  compute() {
    const { pass, labels } = this, count = labels.length, last = this.network.layers.length - 1;
    const scores = pass.values[last], seeds = pass.byValues[last];
    pass.forward(true);
    losses[this.objective](count, scores, this.targets, this.losses, seeds);
    this.loss = this.losses.reduce((sum, loss) => sum + loss, 0) / count;
    this.right = labels.filter((label, row) => (scores[row] > 0 ? 1 : 0) === label).length;
    for (let row = 0; row < count; row++) seeds[row] /= count;
    pass.backward(this.gradient);
  }

  /** Return true if the slope of a neuron's activation is 0 for all samples. */
  isDead(layer, neuron) {
    const { nout } = this.network.layers[layer], slopes = this.pass.slopes[layer];
    for (let at = neuron; at < slopes.length; at += nout) if (slopes[at] !== 0) return false;
    return slopes.length > 0;
  }

  countDead() {
    let dead = 0;
    this.network.layers.forEach(({ nout }, layer) => {
      for (let j = 0; j < nout; j++) dead += this.isDead(layer, j);
    });
    return dead;
  }
}

window.playground = { app, Network, Trainer, Pass };
app.start();
