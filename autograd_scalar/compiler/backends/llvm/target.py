"""The processor that code is generated for, and machine code made of LLVM IR."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

KERNEL = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, *[ctypes.c_void_p] * 7)


@cache
def _llvm() -> Any:
    """Return llvmlite's binding, ready to be used."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def is_there() -> bool:
    """Return whether llvmlite is installed."""
    try:
        _llvm()
    except ImportError:
        return False
    return True


@cache
def features() -> dict[str, bool]:
    """Return what the processor can do, by LLVM's names for it."""
    return dict(_llvm().get_host_cpu_features())


def has_fma() -> bool:
    """Return whether the processor multiplies and adds in one instruction."""
    return features().get("fma", False) or features().get("neon", False)


def width() -> int:
    """Return how many doubles a vector register holds."""
    return 8 if features().get("avx512f") else 4 if features().get("avx") else 2


def machine(cpu: str, features: str, *, optimise: int = 2) -> Any:
    """Return LLVM's target machine for a processor of the host's architecture."""
    llvm = _llvm()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=cpu, features=features, opt=optimise, jit=True)


def module(text: str, processor: Any, *, passes: int = 1) -> Any:
    """Parse LLVM IR and run the optimisation passes of that level over it; 0 runs none."""
    llvm = _llvm()
    parsed = llvm.parse_assembly(text)
    if passes:
        options = llvm.create_pipeline_tuning_options(speed_level=passes)
        options.loop_vectorization = options.slp_vectorization = False
        builder = llvm.create_pass_builder(processor, options)
        builder.getModulePassManager().run(parsed, builder)
    return parsed


class Code:
    """Machine code for the host, kept for as long as this object is."""

    def __init__(self, text: str, *, optimise: int = 2, passes: int = 1) -> None:
        llvm = _llvm()
        host = llvm.get_host_cpu_features().flatten()
        processor = machine(llvm.get_host_cpu_name(), host, optimise=optimise)
        self._engine = llvm.create_mcjit_compiler(module(text, processor, passes=passes), processor)
        self._engine.finalize_object()

    @cached_property
    def kernel(self) -> Any:
        """The kernel over rows; it runs without the interpreter's lock."""
        return KERNEL(self.address("kernel"))

    def address(self, name: str) -> int:
        """Return where a function is."""
        return self._engine.get_function_address(name)  # type: ignore[no-any-return]


class Bound:
    """The kernel over rows with its arguments: addresses, and what has to live as long as they are used."""

    def __init__(self, code: Code, rows: int, pointers: Sequence[int], keep: Any) -> None:
        self.address, self.rows, self.pointers = code.address("kernel"), rows, pointers
        self._call = KERNEL(self.address)
        self._keep = code, keep

    def __call__(self) -> int:
        """Return for how many rows a guard failed."""
        return self._call(self.rows, *self.pointers)  # type: ignore[no-any-return]
