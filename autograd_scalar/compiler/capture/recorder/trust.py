"""Trust: code that reads nothing but its arguments, so that a recording need not observe it.

All other code is observed, wherever it is installed, or refused if it is written in C.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable
from functools import cache
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    CodeType,
    FrameType,
    MethodDescriptorType,
    MethodWrapperType,
    ModuleType,
    SimpleNamespace,
    WrapperDescriptorType,
)
from typing import Any

from autograd_scalar.compiler.capture.readings import containers
from autograd_scalar.compiler.capture.readings.reading import is_python_class
from autograd_scalar.value import Value

_PACKAGE = __package__.partition(".")[0]
_PACKAGE_FOLDER = os.path.dirname(sys.modules[_PACKAGE].__file__ or "") + os.sep
#: The modules of the engines, and the tracer, to which they report.
_ENGINE = tuple(
    f"{_PACKAGE}.{name}"
    for name in ("engine", "native.", "node.", "value", "compiler.capture.tracer")
)
#: Parts of this package that hold users' numbers, and are observed like users' code.
_OBSERVED = tuple(_PACKAGE_FOLDER + part for part in ("nn", "optim", "data", "train"))
_LIBRARY = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib"))
_INSTALLED = ("site-packages", "dist-packages")

#: Modules of the standard library whose functions and objects depend on their arguments alone.
_PURE = frozenset(
    [
        "abc",
        "array",
        "base64",
        "binascii",
        "bisect",
        "builtins",
        "calendar",
        "cmath",
        "codecs",
        "collections",
        "colorsys",
        "contextlib",
        "copy",
        "copyreg",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "encodings",
        "enum",
        "fractions",
        "functools",
        "graphlib",
        "heapq",
        "html",
        "importlib",
        "inspect",
        "itertools",
        "json",
        "keyword",
        "math",
        "numbers",
        "operator",
        "pprint",
        "re",
        "reprlib",
        "sre",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "uuid",
        "weakref",
        "weakrefset",
        "zlib",
        "zoneinfo",
    ]
)
#: Functions of these modules that read or change other state, and types whose objects do.
_IMPURE = frozenset(
    [
        "builtins.breakpoint",
        "builtins.compile",
        "builtins.dir",
        "builtins.eval",
        "builtins.exec",
        "builtins.globals",
        "builtins.input",
        "builtins.locals",
        "builtins.open",
        "builtins.print",
        "codecs.open",
        "codecs.register",
        "codecs.register_error",
        "codecs.unregister",
        "decimal.setcontext",
        "datetime.now",
        "datetime.today",
        "datetime.utcnow",
        "functools._lru_cache_wrapper",
        "numpy.seterr",
        "numpy.seterrcall",
        "numpy.set_printoptions",
        "operator.attrgetter",
        "uuid.uuid1",
        "uuid.uuid4",
    ]
)
#: Modules whose functions read attributes only of objects of their own classes.
_READING_OWN = ("abc", "collections", "contextlib", "functools")
#: Modules whose classes have no attributes, or whose caches change.
_WITHOUT_STATE = ("abc", "collections.abc", "contextlib", "typing")
_C_FUNCTIONS = (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
#: Types without state that Python code cannot see, of which classes may be derived.
_PLAIN_BASES = (object, type, SimpleNamespace, int, float, complex, str, bytes, BaseException)


def is_trusted(code: CodeType, module: str | None) -> bool:
    """Return whether Python code reads nothing but its arguments, given the name of its module."""
    return _is_trusted(code.co_filename, (module or "").partition(".")[0], module or "")


def is_of_dataclass(code: CodeType) -> bool:
    """Return whether code is that of a method which `dataclasses` writes."""
    return code.co_filename == "<string>" and code.co_qualname.startswith("__create_fn__")


def reads(module: str | None) -> Callable[[Any], bool]:
    """Return a test of the arguments whose attributes a function of a trusted module may read."""
    if (module or "").partition(".")[0] in _READING_OWN:
        return lambda argument: has_library_methods(type(argument))
    return lambda argument: True


def has_library_methods(kind: type) -> bool:
    """Return whether objects of a class have methods that are not observed, but may read attributes."""
    return any(
        is_python_class(base)
        and base.__module__.partition(".")[0] in (*_PURE, "_weakrefset", "numpy")
        and base.__module__ not in _WITHOUT_STATE
        for base in kind.__mro__
    )


def sets_state(code: CodeType, module: str | None) -> bool:
    """Return whether a function of a trusted module changes settings, which other trusted functions may do and undo."""
    return f"{(module or '').partition('.')[0]}.{code.co_qualname}" in _IMPURE


@cache
def _is_trusted(file: str, package: str, module: str) -> bool:
    if file.startswith((_PACKAGE_FOLDER, "<autograd_scalar")):
        return not file.startswith(_OBSERVED)
    if file.startswith("<frozen importlib") or (file, package[:11]) == ("<string>", "namedtuple_"):
        return True
    if is_library(file):
        return package.lstrip("_") in _PURE
    return _is_of_numpy(file) and not module.startswith("numpy.random")


def is_of_engine(module: str | None) -> bool:
    """Return whether a module belongs to the engines, which read attributes of Values alone."""
    return (module or "").startswith(_ENGINE)


def is_core(frame: FrameType | None) -> bool:
    """Return whether a frame runs code of this package that is not observed."""
    file = frame.f_code.co_filename if frame else ""
    return file.startswith((_PACKAGE_FOLDER, "<autograd_scalar")) and not file.startswith(_OBSERVED)


def is_core_module(module: ModuleType | None) -> bool:
    """Return whether a module belongs to the parts of this package that are not observed."""
    file = vars(module).get("__file__") if module else None  # a module's __getattr__ is user code
    return (
        isinstance(file, str)
        and file.startswith(_PACKAGE_FOLDER)
        and not file.startswith(_OBSERVED)
    )


def is_library(file: str) -> bool:
    """Return whether a file belongs to Python's standard library."""
    if file.startswith("<frozen "):
        return True
    return file.startswith(_LIBRARY) and not any(part in file for part in _INSTALLED)


def _is_of_numpy(file: str) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and file.startswith(os.path.dirname(numpy.__file__ or "?") + os.sep)


def is_c_function(obj: Any) -> bool:
    """Return whether an object is a function written in C."""
    return isinstance(obj, _C_FUNCTIONS) or type(obj).__name__ in (
        *(
            "cython_function_or_method",
            "fused_cython_function",
            "ufunc",
            "_ArrayFunctionDispatcher",
        ),
        "nb_func",
    )


def is_pure_c_function(obj: Any) -> bool:
    """Return whether a function written in C depends on its arguments alone."""
    name: str = getattr(obj, "__name__", "")
    if type(obj).__name__ in ("ufunc", "_ArrayFunctionDispatcher"):
        return getattr(sys.modules["numpy"], name, None) is obj or _is_pure_module(
            getattr(obj, "__module__", None)
        )
    owner = getattr(obj, "__objclass__", None) or getattr(obj, "__self__", None)
    module: str | None
    if isinstance(owner, ModuleType):
        module = owner.__name__
    elif owner is None:
        module = getattr(obj, "__module__", None)
    else:
        module = _defining_class(owner if isinstance(owner, type) else type(owner), name).__module__
    return _is_pure_module(module) and f"{(module or '').lstrip('_')}.{name}" not in _IMPURE


def _defining_class(kind: type, name: str) -> type:
    """Return the class written in C that defines a method."""
    bases = (b for b in kind.__mro__ if name in vars(b) and not is_python_class(b))
    return next(bases, kind)


def _is_pure_module(module: str | None) -> bool:
    """Return whether the C functions and types of a module depend on their arguments alone."""
    package = (module or "").partition(".")[0]
    if package in ("numpy", "autograd_scalar"):
        return not (module or "").startswith("numpy.random")
    return package.lstrip("_") in _PURE


def qualified_name(obj: Any) -> str:
    """Return the name of a function, a method or a type, with its module."""
    obj = getattr(obj, "func", obj)
    owner = getattr(obj, "__self__", None)
    if owner is None or isinstance(owner, ModuleType):
        return (
            f"{getattr(obj, '__module__', '')}.{getattr(obj, '__qualname__', type(obj).__name__)}"
        )
    kind = owner if isinstance(owner, type) else type(owner)
    return f"{kind.__module__}.{kind.__qualname__}.{getattr(obj, '__name__', '')}"


def is_impure_type(kind: type) -> bool:
    """Return whether objects of a type written in C read or change other state; see _IMPURE."""
    return f"{kind.__module__.lstrip('_')}.{kind.__name__}" in _IMPURE


@cache
def has_hidden_state(kind: type) -> bool:
    """Return whether objects of a type have state that cannot be compared: iterators, files, generators, locks."""
    if issubclass(kind, Value | BaseException):
        return False
    known = (*_PLAIN_BASES, *containers.CONTAINERS, *containers.BUFFERS)
    for base in kind.__mro__:
        if is_python_class(base) or base in known:
            continue
        if hasattr(base, "__next__"):
            return True
        if not _is_numpy_type(base) and not _is_pure_module(base.__module__):
            return True
    return False


def _is_numpy_type(kind: type) -> bool:
    """Return whether a type is an array, a scalar or a dtype of NumPy."""
    return kind.__module__.partition(".")[0] == "numpy" and not kind.__module__.startswith(
        "numpy.random"
    )
