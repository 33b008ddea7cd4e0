"""Replace files atomically: whatever happens meanwhile, a reader finds the old content or the new."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Path = str | os.PathLike[str]

#: The names of temporary files.
_TEMPORARY = re.compile(r"autograd_scalar\.[0-9a-f]{16}\.tmp")


def replace(path: Path, text: str) -> None:
    """Replace the content of a file, or make it. The file keeps its mode, its owner and the links to it.

    Raises OSError if that is impossible; the file is then unchanged. A killed process may leave a temporary file,
    `autograd_scalar.*.tmp`, which the next one to replace a file in the folder removes.
    """
    path = os.path.realpath(path)
    before = _replaceable(path)
    with _temporary(path, before) as (file, temporary):
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        if before is not None:
            if hasattr(os, "chown"):
                with suppress(PermissionError):
                    os.chown(temporary, before.st_uid, before.st_gid)
            os.chmod(temporary, stat.S_IMODE(before.st_mode))
        if fcntl is None:
            file.close()  # Windows does not rename an open file
        os.replace(temporary, path)


def check_replaceable(path: Path) -> None:
    """Raise the OSError that `replace` would, as far as that can be known."""
    path = os.path.realpath(path)
    with _temporary(path, _replaceable(path)):
        pass


def _replaceable(path: str) -> os.stat_result | None:
    """Return the status of a file, None if there is none yet; OSError for one that must not be replaced."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(status.st_mode):  # such as /dev/null
        raise OSError(errno.EINVAL, "not a regular file", path)
    if not os.access(path, os.W_OK):  # renaming would not ask for it
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    return status


@contextmanager
def _temporary(path: str, before: os.stat_result | None) -> Iterator[tuple[TextIO, str]]:
    """Yield a new file in the folder of another, and its name; remove it at the end unless it was renamed.

    Its writer holds a lock on it, which the system releases when the writer is killed.
    """
    folder = os.path.dirname(path)
    _remove_abandoned(folder)
    # Only the owner may read what is going to be in a private file. A new file has the mode that open() gives.
    mode = 0o666 if before is None else 0o600
    while True:
        name = os.path.join(folder, f"autograd_scalar.{secrets.token_hex(8)}.tmp")
        try:
            with open(
                name, "x", encoding="utf-8", opener=lambda file, flags: os.open(file, flags, mode)
            ) as file:
                if fcntl is not None:
                    with suppress(OSError):  # a file system without locks
                        fcntl.flock(file, fcntl.LOCK_EX)
                if os.path.exists(
                    name
                ):  # else another process took it for abandoned before it was locked
                    yield file, name
                    return
        finally:
            with suppress(FileNotFoundError):
                os.remove(name)


def _remove_abandoned(folder: str) -> None:
    """Remove the temporary files of killed writers from a folder: those without a lock."""
    if fcntl is None:
        return
    with suppress(OSError):
        for name in filter(_TEMPORARY.fullmatch, os.listdir(folder)):
            path = os.path.join(folder, name)
            with (
                suppress(OSError),
                open(path, "r+b") as file,
            ):  # its writer has locked or renamed it
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.remove(path)
