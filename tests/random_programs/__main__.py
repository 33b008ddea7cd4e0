"""Try random programs; print those in which compiled and eager code differ, reduced.

make fuzz N=50000                                   from a random seed, which is printed
make fuzz N=1 FUZZ="--seed 1234"                    the program of one seed
AUTOGRAD_SCALAR_PURE=1 make fuzz                    on the plain engine
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from random_programs.trial import Trial


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("count", type=int, nargs="?", default=2000, help="number of programs")
    parser.add_argument("--seed", type=int, help="seed of the first program")
    parser.add_argument("--stop", type=int, default=10, help="stop after so many failures")
    parser.add_argument("--reduce", type=float, default=20.0, help="seconds to reduce each failure")
    given = parser.parse_args()
    first = random.randrange(10**9) if given.seed is None else given.seed
    print(f"seeds {first} to {first + given.count - 1}", flush=True)
    outcomes: Counter[str] = Counter()
    start, failures = time.process_time(), 0
    for seed in range(first, first + given.count):
        trial = Trial(seed)
        outcomes[trial.outcome[:40]] += 1
        if trial.mismatch:
            failures += 1
            print(f"----- seed {seed}\n{trial.report(given.reduce)}", flush=True)
        if failures == given.stop:
            break
    print(f"{outcomes.total()} programs in {time.process_time() - start:.0f} s")
    for outcome, count in outcomes.most_common(12):
        print(f"{count:7} {outcome}")
    return failures > 0


sys.exit(main())
