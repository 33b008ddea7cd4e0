"""Stages of the package and the test files of each: the markers of `pytest -m STAGE` and `make check STAGE=...`."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent

#: Every test file belongs to one stage, entered here by its own name or by that of its folder.
STAGES = {
    "ops": ["test_ops.py", "test_oracle.py", "test_meta.py", "test_accuracy.py"],
    "engine": [
        *(
            "cores",
            "test_value.py",
            "test_backward.py",
            "test_opaque.py",
            "test_deep.py",
            "test_anomaly.py",
        ),
        *("test_micrograd.py", "test_peer_bugs.py"),
    ],
    "transforms": [
        *("test_transforms.py", "test_pytree.py", "test_checks.py", "test_parser.py"),
        *("test_naming.py", "test_arrays.py", "test_scipy.py", "test_sympy.py"),
    ],
    "nn": ["nn", "textbook", "test_optim.py", "test_data.py"],
    "ir": [
        *("compiler/test_program.py", "compiler/test_differentiate.py"),
        *("compiler/test_passes.py", "compiler/test_algebra.py"),
    ],
    "capture": [
        *("compiler/test_containers.py", "compiler/test_environment.py"),
        *("compiler/test_guards.py", "compiler/test_bad_input.py", "compiler/test_capture.py"),
        "compiler/test_changes.py",
        "compiler/test_recorder.py",
    ],
    "vectorize": ["compiler/test_outline.py", "compiler/test_reroll.py"],
    "backends": [
        *("compiler/test_backends.py", "compiler/test_llvm.py", "compiler/test_vector_math.py"),
        *("compiler/test_bounds.py", "compiler/test_processors.py", "compiler/test_verifier.py"),
        "compiler/test_golden.py",
    ],
    "runtime": [
        *("compiler/test_jit.py", "compiler/test_paths.py", "compiler/test_rows.py"),
        *("compiler/test_audit.py", "random_programs", "compiler/test_reentrancy.py"),
        *(
            "compiler/test_results.py",
            "compiler/test_stages.py",
            "compiler/test_types.py",
            "compiler/test_whole_arrays.py",
        ),
    ],
    "show": ["show", "browser"],
    "train": ["train"],
    "cli": ["cli"],
    "docs": [
        "test_docs.py",
        "test_semantics.py",
        "test_words.py",
        "test_doctests.py",
        "test_notebooks.py",
        "test_examples.py",
    ],
    "project": [
        *("test_architecture.py", "test_floors.py", "test_packaging.py", "test_benchmarks.py"),
    ],
}

#: Files and folders that `make check` leaves out. A slow test elsewhere carries the marker itself.
SLOW = {
    *("browser", "test_notebooks.py", "test_docs.py", "test_doctests.py", "test_oracle.py"),
    *("nn/test_export.py", "show/test_plot.py", "train/test_compiled.py"),
}


def stage_of(path: Path) -> str | None:
    """Return the stage of a test file, or None if it is missing from STAGES."""
    found = _names(path)
    return next((stage for stage, names in STAGES.items() if found & set(names)), None)


def is_slow(path: Path) -> bool:
    """Return True if all tests of a file are slow."""
    return bool(_names(path) & SLOW)


def _names(path: Path) -> set[str]:
    """Return the entries that stand for a test file: itself and its folder."""
    name = path.relative_to(TESTS).as_posix()
    return {name, name.partition("/")[0]}
