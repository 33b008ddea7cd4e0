"""The host's processor, and machine code compiled from LLVM IR."""

from __future__ import annotations

import ctypes
import os
from functools import cache, cached_property
from typing import Any

KERNEL = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, *[ctypes.c_void_p] * 7)


@cache
def _llvm() -> Any:
    """Return llvmlite's binding, initialized for the host."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    if hasattr(os, "register_at_fork"):
        # llvmlite holds a lock during each call of LLVM. A process forked meanwhile by another thread would hang at its
        # first compile, so a fork waits for the call to end.
        lock = llvm.ffi.lib._lock
        os.register_at_fork(
            before=lock.__enter__, after_in_parent=lock.__exit__, after_in_child=lock.__exit__
        )
    return llvm


@cache
def is_there() -> bool:
    """Return True if llvmlite is installed."""
    try:
        _llvm()
    except ImportError:
        return False
    return True


@cache
def features() -> dict[str, bool]:
    """Return the processor's features, by LLVM's names."""
    return dict(_llvm().get_host_cpu_features())


def has_fma() -> bool:
    """Return True if the processor has a fused multiply-add instruction."""
    return features().get("fma", False) or features().get("neon", False)


def width() -> int:
    """Return the number of doubles in a vector register."""
    return 8 if features().get("avx512f") else 4 if features().get("avx") else 2


def machine(cpu: str, features: str, *, optimize: int = 2) -> Any:
    """Return LLVM's target machine for a processor of the host's architecture.

    Code generation aborts the process for some IR on some processors: tests/compiler/test_processors.py shows that
    this package emits none of it.
    """
    llvm = _llvm()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=cpu, features=features, opt=optimize, jit=True)


def module(text: str, processor: Any, *, passes: int = 1) -> Any:
    """Parse LLVM IR and run the optimization passes of that level over it; 0 runs none."""
    llvm = _llvm()
    parsed = llvm.parse_assembly(text)
    if passes:
        options = llvm.create_pipeline_tuning_options(speed_level=passes)
        options.loop_vectorization = options.slp_vectorization = False
        builder = llvm.create_pass_builder(processor, options)
        manager = builder.getModulePassManager()
        manager.run(parsed, builder)
        # manager.close() finds an empty _dispose first in llvmlite 0.50, and leaves 44 KB.
        llvm.ffi.lib.LLVMPY_DisposeNewModulePassManger(manager)
        manager.detach()
    return parsed


class Code:
    """Machine code for the host, freed with this object."""

    def __init__(self, text: str, *, optimize: int = 2, passes: int = 1) -> None:
        llvm = _llvm()
        host = llvm.get_host_cpu_features().flatten()
        processor = machine(llvm.get_host_cpu_name(), host, optimize=optimize)
        self._engine = llvm.create_mcjit_compiler(module(text, processor, passes=passes), processor)
        self._engine.finalize_object()

    @cached_property
    def kernel(self) -> Any:
        """The kernel over rows, which releases the interpreter's lock."""
        return KERNEL(self.address("kernel"))

    def address(self, name: str) -> int:
        """Return the address of a function."""
        return self._engine.get_function_address(name)  # type: ignore[no-any-return]
