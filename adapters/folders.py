"""Folders that a platform and we exchange files through.

A file appears whole or not at all, and is never replaced. Names from outside are only compared, never followed.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from adapters.deadline import Deadline
from approval_hook.errors import ConfigurationError, PlatformReplyInvalid, PlatformUnavailable

__all__ = ["Folder", "LocalFolder", "OpenFolder", "as_folder", "bounded", "plain_names"]

_PIECE = 65536
_MOST_NAMES = 100_000
#: What a name may be made of; a slash, a leading dot or a blank is none of ours.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}", re.ASCII)


class Readable(Protocol):
    """A file open for reading."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; empty at the end."""
        ...


class OpenFolder(Protocol):
    """A folder while it is open."""

    def names(self) -> list[str]:
        """Names of the plain files in it, sorted; other things and unusual names are left out.

        Raises:
            PlatformError: it cannot be listed.
        """
        ...

    def pieces(self, name: str, *, most: int) -> Iterator[bytes]:
        """Content of one file, piece by piece.

        Raises:
            PlatformUnavailable: it cannot be read, or time is out.
            PlatformReplyInvalid: it is longer than ``most`` bytes.
        """
        ...

    def put(self, name: str, content: bytes) -> bool:
        """Write a new file; False when the name is taken, and nothing is changed.

        Raises:
            PlatformUnavailable: it may or may not be there.
        """
        ...


class Folder(Protocol):
    """A folder that can be opened."""

    def open(self, source: str, deadline: Deadline) -> AbstractContextManager[OpenFolder]:
        """Open it for a moment; nothing in it takes longer than the deadline allows.

        Raises:
            PlatformError: not there, or we are not let in.
        """
        ...


class LocalFolder:
    """A folder on this computer, as a file transfer of the house fills and empties it."""

    def __init__(self, path: str) -> None:
        """Nothing is touched.

        Args:
            path: absolute.

        Raises:
            ConfigurationError: not absolute.
        """
        self._path = Path(path)
        if not self._path.is_absolute():
            raise ConfigurationError(f"The folder {path} must be given with its absolute path.")

    @contextmanager
    def open(self, source: str, deadline: Deadline) -> Iterator[OpenFolder]:
        """As ``Folder.open``."""
        if not self._path.is_dir():
            raise PlatformUnavailable(f"{source}: the folder is not there.")
        yield _Local(self._path, source, deadline)


class _Local:
    def __init__(self, path: Path, source: str, deadline: Deadline) -> None:
        self._path = path
        self._source = source
        self._deadline = deadline

    def names(self) -> list[str]:
        try:
            with os.scandir(self._path) as found:
                names = sorted(e.name for e in found if e.is_file(follow_symlinks=False))
        except OSError:
            names = None
        if names is None:
            raise PlatformUnavailable(f"{self._source}: the folder cannot be listed.")
        return plain_names(names, self._source)

    def pieces(self, name: str, *, most: int) -> Iterator[bytes]:
        try:
            handle = os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            handle = None
        if handle is None:
            raise PlatformUnavailable(f"{self._source}: a file cannot be read.")
        with os.fdopen(handle, "rb") as file:
            yield from bounded(file, self._source, self._deadline, most)

    def put(self, name: str, content: bytes) -> bool:
        part = self._path / f".{name}.{os.getpid()}.{threading.get_ident()}.part"
        problem = False
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(part, self._path / name)
            except FileExistsError:
                return False
        except OSError:
            problem = True
        finally:
            part.unlink(missing_ok=True)
        if problem:
            raise PlatformUnavailable(f"{self._source}: a file cannot be written.")
        return True


def as_folder(given: Folder | str) -> Folder:
    """A folder of this computer where only its path is given, as in settings.

    Raises:
        ConfigurationError: the path is not absolute.
    """
    return LocalFolder(given) if isinstance(given, str) else given


def plain_names(names: list[str], source: str) -> list[str]:
    """Names that are ours to look at.

    Raises:
        PlatformReplyInvalid: there are too many.
    """
    if len(names) > _MOST_NAMES:
        raise PlatformReplyInvalid(f"{source}: the folder holds more than {_MOST_NAMES} files.")
    return [name for name in names if _PLAIN.fullmatch(name)]


def bounded(file: Readable, source: str, deadline: Deadline, most: int) -> Iterator[bytes]:
    """The content of a file within its bounds; as ``OpenFolder.pieces``."""
    left = most
    while piece := file.read(_PIECE):
        if deadline.left == 0:
            raise PlatformUnavailable(f"{source}: no time is left to read a file.")
        left -= len(piece)
        if left < 0:
            raise PlatformReplyInvalid(f"{source}: a file is longer than {most} bytes.")
        yield piece
