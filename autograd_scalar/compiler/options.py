"""Options of a compile, and every limit of the compiler, each with the reason for its value."""

from __future__ import annotations

import os
from typing import NamedTuple


class Options(NamedTuple):
    """Options of code generation."""

    #: "llvm" or "python".
    backend: str
    #: Let the compiler reorder and contract operations.
    fast: bool = False


#: Audit compiled functions that do not say otherwise: AUTOGRAD_SCALAR_JIT_CHECK=1, see runtime/audit.py.
CHECK = os.environ.get("AUTOGRAD_SCALAR_JIT_CHECK") == "1"

# Capture

#: Maximum number of operations in one trace; a longer one is a loop that was not meant to be unrolled.
MAX_TRACE_NODES = 2_000_000
#: Maximum number of readings of a function, besides its arguments, each of which every call repeats.
MAX_READINGS = 10_000

# Outlining batch loops

#: Minimum number of rows for which a batch loop is outlined.
MIN_OUTLINED_ROWS = 4
#: Minimum share of a program's operations that must belong to rows.
MIN_OUTLINED_SHARE = 0.5

# Loops

#: Maximum number of steps in a loop: LLVM's time grows faster than the length of a block.
MAX_LOOP_STEPS = 64
#: The same for a loop with a fold or a sum, which is written out for several vectors side by side.
MAX_FOLD_STEPS = 8
#: Number of lists of offsets by which the members of a loop may be sorted to make accesses affine.
MAX_MEMBER_ORDERS = 4

# Source code

#: Length in characters from which an expression is split into several assignments.
MAX_EXPRESSION_LENGTH = 72

# Machine code

#: Maximum number of vectors in a block of rows: a fold over that many leaves half of the registers to its terms.
MAX_BLOCK_VECTORS = 8
#: Maximum number of terms of a fold that is unrolled completely.
MAX_UNROLLED_TERMS = 4
#: Maximum number of steps in a loop whose operands are kept in registers across nested loops.
MAX_REGISTER_STEPS = 6
#: Unroll factors, in vectors: of folds and sums that fit the registers, of longer ones, and of other loops, where they
#: only hide the latency of long chains such as the logarithm of a sum. Most processors have 16 vector registers.
UNROLL_SHORT_FOLD, UNROLL_LONG_FOLD, UNROLL_MAP = 8, 4, 2

# Calls

#: Specializations of one function; each new one beyond these evicts the oldest.
MAX_SPECIALIZATIONS = 64
#: Traces of one specialization; calls that need yet another run eagerly. More would be tried one by one.
MAX_TRACES = 64
#: Fast calls tried before full dispatch. Each one that does not apply costs about 0.1 µs.
MAX_FAST_CALLS = 8
#: Kernels kept by fingerprint for functions that are yet to be compiled.
MAX_KERNELS = 100
#: Compiled nodes that can be recomputed after their function is gone, as one compiled within another often is.
MAX_ORPHANED_OPS = 100

# Kernels

#: Longer programs for one set of numbers become loops: LLVM's time grows faster than the length of straight-line code.
MAX_STRAIGHT_SINGLE = 1_000
#: Longer programs over rows become loops over memory: shorter ones, as straight-line code, stay in registers.
MAX_STRAIGHT_ROWS = 150
#: Instructions that a thread runs at a time, those of all its rows together: less does not repay the thread.
INSTRUCTIONS_PER_PIECE = 16_000_000
#: From this many captured Values on, one bulk copy reads their data faster than a list does.
MIN_BULK_READ = 20

# Audits

#: Maximum number of objects in which an audit looks for changes.
MAX_AUDITED_OBJECTS = 1_000_000

# The report of explain()

#: Lines of a program.
MAX_REPORT_LINES = 60
#: Names in a list.
MAX_REPORT_NAMES = 8
#: Constants of a trace, and guards.
MAX_REPORT_CONSTANTS = 20
MAX_REPORT_GUARDS = 20
