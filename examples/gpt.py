"""A character-level GPT that learns names and makes up new ones, every number in it a Value.

    python examples/gpt.py
    python examples/gpt.py --names towns.txt --steps 3000 --temperature 0.7

One transformer block, 16 wide, with 4 heads of attention: 4,064 parameters for names in a to z.
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

POSITIONS = 8  # how many characters the model sees at once
WIDTH = 16
HEADS = 4

Vector = list[Value]


# ----- the model -----


def plus(x: Vector, y: Vector) -> Vector:
    """Return the sum, element by element."""
    return [xi + yi for xi, yi in zip(x, y, strict=True)]


def rmsnorm(x: Vector) -> Vector:
    """Return x scaled to a root mean square of 1."""
    scale = (ag.dot(x, x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def attention(query: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
    """Return, head by head, the mean of the values, weighted by how well their keys fit the query."""
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
    """Return where a weight starts."""
    return rng.gauss(0.0, 0.08)


class GPT(nn.Module):
    """For each of up to 8 tokens in a row, logits for the one that comes next."""

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
            values.append(self.value(h))  # so a token attends to itself and those before it
            x = plus(x, self.mix(attention(self.query(h), keys, values)))
            h = self.widen(rmsnorm(x))
            x = plus(x, self.narrow([hi.relu() ** 2 for hi in h]))
            logits.append(self.logits(rmsnorm(x)))
        return logits


# ----- names as tokens -----


class Alphabet:
    """The characters of some names, numbered, and after them the mark that stands before and after a name."""

    def __init__(self, names: list[str]) -> None:
        self.characters = sorted(set("".join(names)))
        self.mark = len(self.characters)
        self._number = {character: i for i, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters) + 1

    def tokens(self, name: str) -> list[int]:
        """Return a name as tokens, between two marks."""
        return [self.mark, *(self._number[character] for character in name), self.mark]


def read_names(path: Path) -> list[str]:
    """Return the lines of a file that are not empty; ValueError where there are none."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8; it should have one name a line") from None
    names = [line.strip() for line in text.splitlines()]
    names = [name for name in names if name]
    if not names:
        raise ValueError(f"{path} has no names; it should have one a line")
    return names


# ----- training and sampling -----


def train(
    model: GPT, alphabet: Alphabet, names: list[str], steps: int, lr: float, seed: int
) -> Iterator[float]:
    """Yield the loss of each step: over one name, as far as the model sees, in nats a character."""
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
    """Return a name drawn character by character; temperatures below 1 keep to the likely ones."""
    tokens = [alphabet.mark]
    with ag.no_grad():
        while len(tokens) <= POSITIONS:
            chances = ag.softmax([z / temperature for z in model(tokens)[-1]])
            (token,) = rng.choices(range(len(alphabet)), [chance.data for chance in chances])
            if token == alphabet.mark:
                break
            tokens.append(token)
    return "".join(alphabet.characters[token] for token in tokens[1:])


def options_of(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; what cannot be used ends the program with a line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    shipped = Path(__file__).with_name("names.txt")
    parser.add_argument(
        "--names",
        type=Path,
        default=shipped,
        help=f"a file of names, one a line; of longer ones the first {POSITIONS} characters count",
    )
    parser.add_argument(
        "--steps", type=int, default=1000, help="names to learn from (default: 1000)"
    )
    parser.add_argument("--lr", type=float, default=0.01, help="falls to 0 (default: 0.01)")
    parser.add_argument("--samples", type=int, default=20, help="names to make up (default: 20)")
    parser.add_argument("--temperature", type=float, default=0.6, help="(default: 0.6)")
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed, the same run (default: 0)"
    )
    options = parser.parse_args(argv)
    for name in ("steps", "samples"):
        if (number := getattr(options, name)) < 0:
            parser.error(f"--{name} must be 0 or more, got {number}")
    if not 0.0 <= options.lr < inf:
        parser.error(f"--lr must be finite and 0 or more, got {options.lr}")
    if not options.temperature > 0.0:
        parser.error(f"--temperature must be above 0, got {options.temperature}")
    try:
        options.names = read_names(options.names)
    except (OSError, ValueError) as problem:
        parser.error(str(problem))
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Train on a list of names, printing the loss, and then print names that the model made up.

    Return the exit code. Ctrl-C ends the training, and names come from what was learnt so far.
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
        print(f"{cut} of them cut to {POSITIONS} characters, which is as far as the model sees")
    losses: list[float] = []
    status = 0
    try:
        for loss in train(model, alphabet, names, options.steps, options.lr, options.seed):
            losses.append(loss)
            if len(losses) % 50 == 0:
                print(f"step {len(losses):5}   loss {fmean(losses[-50:]):.3f}", flush=True)
    except KeyboardInterrupt:
        print(f"interrupted after {len(losses)} steps; names from what was learnt so far:")
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
