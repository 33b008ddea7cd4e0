"""A character-level GPT that learns names and generates new ones; every number in it is a Value.

    python examples/gpt.py
    python examples/gpt.py --names towns.txt --steps 3000 --temperature 0.7

It has one transformer block of width 16 with 4 attention heads: 4,064 parameters for names in a to z.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from math import inf, sqrt
from pathlib import Path
from statistics import fmean

import autograd_scalar as ag
from autograd_scalar import Value, nn, optim

POSITIONS = 8  # context length, in characters
WIDTH = 16
HEADS = 4

Vector = list[Value]


# ----- the model -----


def plus(x: Vector, y: Vector) -> Vector:
    """Return the elementwise sum."""
    return [xi + yi for xi, yi in zip(x, y, strict=True)]


def rmsnorm(x: Vector) -> Vector:
    """Return x scaled to a root mean square of 1 (Zhang and Sennrich, 2019)."""
    scale = (ag.dot(x, x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def attention(query: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
    """Return multi-head attention: for each head, softmax(query · keys / sqrt(size)) · values."""
    mixed = []
    size = len(query) // HEADS
    for start in range(0, len(query), size):
        head = slice(start, start + size)
        scores = [ag.dot(query[head], key[head]) / sqrt(size) for key in keys]
        weights = ag.softmax(scores)
        mixed += [
            ag.dot(weights, column)
            for column in zip(*(value[head] for value in values), strict=True)
        ]
    return mixed


def small(rng: random.Random, nin: int, nout: int) -> float:
    """Return a sample of the normal distribution of standard deviation 0.08; an initialiser."""
    return rng.gauss(0.0, 0.08)


class GPT(nn.Module):
    """A causal transformer: from up to 8 tokens to the logits of the token after each."""

    def __init__(self, tokens: int, seed: int = 0) -> None:
        rng = random.Random(seed)

        def linear(nin: int, nout: int) -> nn.Linear:
            return nn.Linear(nin, nout, bias=False, init=small, seed=rng)

        self.token = nn.Embedding(tokens, WIDTH, init=small, seed=rng)
        self.position = nn.Embedding(POSITIONS, WIDTH, init=small, seed=rng)
        self.query = linear(WIDTH, WIDTH)
        self.key = linear(WIDTH, WIDTH)
        self.value = linear(WIDTH, WIDTH)
        self.mix = linear(WIDTH, WIDTH)
        self.widen = linear(WIDTH, 4 * WIDTH)
        self.narrow = linear(4 * WIDTH, WIDTH)
        self.logits = linear(WIDTH, tokens)

    def __call__(self, tokens: Sequence[int]) -> list[Vector]:
        keys: list[Vector] = []
        values: list[Vector] = []
        logits = []
        for i, token in enumerate(tokens):
            x = plus(self.token(token), self.position(i))
            h = rmsnorm(x)
            keys.append(self.key(h))
            values.append(self.value(h))  # a token attends to itself and the ones before it
            x = plus(x, self.mix(attention(self.query(h), keys, values)))
            h = self.widen(rmsnorm(x))
            x = plus(x, self.narrow([hi.relu() ** 2 for hi in h]))
            logits.append(self.logits(rmsnorm(x)))
        return logits


# ----- names as tokens -----


class Alphabet:
    """The tokens: the characters of some names, and a mark at the start and end of a name."""

    def __init__(self, names: list[str]) -> None:
        self.characters = sorted(set("".join(names)))
        self.mark = len(self.characters)
        self._number = {character: i for i, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters) + 1

    def tokens(self, name: str) -> list[int]:
        """Return the tokens of a name, between two marks."""
        return [self.mark, *(self._number[character] for character in name), self.mark]


def read_names(path: Path) -> list[str]:
    """Return the lines of a file that are not empty; raise ValueError if there are none."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text; expected one name per line") from None
    names = [line.strip() for line in text.splitlines()]
    names = [name for name in names if name]
    if not names:
        raise ValueError(f"{path} has no names; expected one per line")
    return names


# ----- training and sampling -----


def train(
    model: GPT, alphabet: Alphabet, names: list[str], steps: int, lr: float, seed: int
) -> Iterator[float]:
    """Train on a random name per step; yield the loss of each step, in nats per character."""
    optimizer = optim.Adam(model.parameters(), betas=(0.9, 0.95))
    rate = optim.schedules.linear(lr, 0.0, max(steps, 1))
    rng = random.Random(seed)
    for step in range(steps):
        tokens = alphabet.tokens(rng.choice(names))[: POSITIONS + 1]
        loss = nn.cross_entropy(model(tokens[:-1]), tokens[1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.lr = rate(step)
        optimizer.step()
        yield loss.data


def sample(model: GPT, alphabet: Alphabet, rng: random.Random, temperature: float) -> str:
    """Return a name sampled character by character; temperatures below 1 favour likely ones."""
    tokens = [alphabet.mark]
    with ag.no_grad():
        while len(tokens) <= POSITIONS:
            probabilities = ag.softmax([z / temperature for z in model(tokens)[-1]])
            (token,) = rng.choices(range(len(alphabet)), [p.data for p in probabilities])
            if token == alphabet.mark:
                break
            tokens.append(token)
    return "".join(alphabet.characters[token] for token in tokens[1:])


def options_of(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; exit with a message for invalid ones."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    shipped = Path(__file__).with_name("names.txt")
    parser.add_argument(
        "--names",
        type=Path,
        default=shipped,
        help=f"a file with one name per line, of which the first {POSITIONS} characters count",
    )
    parser.add_argument(
        "--steps", type=int, default=1000, help="training steps, one name each (default: 1000)"
    )
    parser.add_argument(
        "--lr", type=float, default=0.01, help="initial learning rate, falls to 0 (default: 0.01)"
    )
    parser.add_argument("--samples", type=int, default=20, help="names to generate (default: 20)")
    parser.add_argument(
        "--temperature", type=float, default=0.6, help="of the sampling (default: 0.6)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the weights, training and names (default: 0)"
    )
    options = parser.parse_args(argv)
    for name in ("steps", "samples"):
        if (number := getattr(options, name)) < 0:
            parser.error(f"--{name} must not be negative, got {number}")
    if not 0.0 <= options.lr < inf:
        parser.error(f"--lr must be finite and not negative, got {options.lr}")
    if not options.temperature > 0.0:
        parser.error(f"--temperature must be above 0, got {options.temperature}")
    try:
        options.names = read_names(options.names)
    except (OSError, ValueError) as problem:
        parser.error(str(problem))
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Train on a list of names, printing the loss, then print generated names; return the exit code.

    Ctrl-C ends the training early; the names then come from the model so far.
    """
    options = options_of(argv)
    names = options.names
    alphabet = Alphabet(names)
    model = GPT(len(alphabet), options.seed)
    print(
        f"{len(names)} names in {len(alphabet.characters)} characters, "
        f"{len(model.parameters())} parameters, core: {ag.core()}"
    )
    if cut := sum(len(name) > POSITIONS for name in names):
        print(f"{cut} of them cut to {POSITIONS} characters, the context length")
    losses: list[float] = []
    status = 0
    try:
        for loss in train(model, alphabet, names, options.steps, options.lr, options.seed):
            losses.append(loss)
            if len(losses) % 50 == 0:
                print(f"step {len(losses):5}   loss {fmean(losses[-50:]):.3f}", flush=True)
    except KeyboardInterrupt:
        print(f"interrupted after {len(losses)} steps; names from the model so far:")
        status = 130
    rng = random.Random(options.seed)
    try:
        for _ in range(options.samples):
            print(sample(model, alphabet, rng, options.temperature), flush=True)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
    return status


if __name__ == "__main__":
    sys.exit(main())
