"""SQLite's own way to the disk, watched: every write, sync, cut and removal is told, and any of them can be made to fail.

The VFS is the system's; of its files three methods and the closing are replaced by ones that first ask a `Witness` and then do what they
always did. It is registered as the default for as long as the context lasts, in the very libraries that Python's sqlite3 and SQLCipher's
driver use, so the code under test opens its files as ever and knows nothing of it. SQLCipher encrypts above its VFS: what is told of its
files is what stands on the disk.
"""

import _sqlite3
import contextlib
import ctypes as c
import os
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Protocol

import sqlcipher3._sqlite3

OK = 0
OPEN_CREATE = 0x4  # sqlite3.h


class Witness(Protocol):
    """What is told of a file's path before it happens. An answer other than OK is SQLite's error code: then it does not happen."""

    def opened(self, path: str, existed: bool) -> None: ...
    def write(self, path: str, offset: int, data: bytes) -> int: ...
    def truncate(self, path: str, size: int) -> int: ...
    def sync(self, path: str) -> int: ...
    def delete(self, path: str, durably: bool) -> int: ...


class _Methods(c.Structure):
    _fields_ = [
        ("version", c.c_int),
        *(
            (name, c.c_void_p)
            for name in "close read write truncate sync size lock unlock reserved control sector device "
            "shm_map shm_lock shm_barrier shm_unmap fetch unfetch".split()
        ),
    ]


class _File(c.Structure):
    _fields_ = [("methods", c.POINTER(_Methods))]


class _Vfs(c.Structure):
    _fields_ = [
        ("version", c.c_int),
        ("file_size", c.c_int),
        ("max_path", c.c_int),
        ("next", c.c_void_p),
        ("name", c.c_char_p),
        ("data", c.c_void_p),
        *(
            (name, c.c_void_p)
            for name in "open delete access full dl_open dl_error dl_sym dl_close random sleep time error time64 "
            "set_call get_call next_call".split()
        ),
    ]


_FILE, _I, _L = c.POINTER(_File), c.c_int, c.c_int64
_Open = c.CFUNCTYPE(_I, c.POINTER(_Vfs), c.c_void_p, _FILE, _I, c.POINTER(_I))
_Delete = c.CFUNCTYPE(_I, c.POINTER(_Vfs), c.c_char_p, _I)
_Write = c.CFUNCTYPE(_I, _FILE, c.c_void_p, _I, _L)
_Truncate = c.CFUNCTYPE(_I, _FILE, _L)
_Sync = c.CFUNCTYPE(_I, _FILE, _I)
_Close = c.CFUNCTYPE(_I, _FILE)
_kept: list[Any] = []
"""C may call what was registered as long as a connection lives: nothing of it is ever given back."""


def _library(driver: ModuleType) -> c.CDLL:
    library = c.CDLL(driver.__file__)
    if not hasattr(library, "sqlite3_vfs_register"):
        raise AssertionError(f"{driver.__name__} shows none of SQLite's functions, so its disk can't be watched")
    library.sqlite3_vfs_find.restype = c.POINTER(_Vfs)
    return library


class _Watched:
    """The system's VFS under another name, with a witness."""

    def __init__(self, system: Any, witness: Witness) -> None:
        self.system, self.witness = system, witness
        self.paths: dict[int, str] = {}
        self.methods: dict[int, tuple[_Methods, _Methods]] = {}
        self.vfs = _Vfs.from_buffer_copy(system.contents)
        self.vfs.name = b"watched"
        self._system_open = _Open(system.contents.open)
        self._system_delete = _Delete(system.contents.delete)
        self._callbacks = [_Open(self._open), _Delete(self._delete)]
        self.vfs.open = c.cast(self._callbacks[0], c.c_void_p)
        self.vfs.delete = c.cast(self._callbacks[1], c.c_void_p)

    def _open(self, _: Any, name: int | None, file: Any, flags: int, out: Any) -> int:
        # The name is handed on as the very pointer that came: SQLite keeps it, and reads on behind its end.
        path = None if name is None else os.fsdecode(c.string_at(name))
        existed = path is None or os.path.exists(path)  # noqa: PTH110 - as the C function is asked
        code = int(self._system_open(self.system, name, file, flags, out))
        if code == OK and path is not None:
            key = c.addressof(file.contents)
            self.paths[key] = path
            file.contents.methods = c.pointer(self._methods_like(file.contents.methods))
            self.witness.opened(path, existed)
        return code

    def _methods_like(self, given: Any) -> _Methods:
        """The file's own methods, those replaced that change what is on the disk."""
        address = c.addressof(given.contents)
        if address in self.methods:
            return self.methods[address][0]
        system = given.contents
        ours = _Methods.from_buffer_copy(system)
        do = {
            "write": (_Write, self._write, _Write(system.write)),
            "truncate": (_Truncate, self._truncate, _Truncate(system.truncate)),
            "sync": (_Sync, self._sync, _Sync(system.sync)),
            "close": (_Close, self._close, _Close(system.close)),
        }
        for name, (kind, function, original) in do.items():
            callback = kind(_bound(function, original))
            self._callbacks.append(callback)
            setattr(ours, name, c.cast(callback, c.c_void_p))
        self.methods[address] = (ours, system)
        return ours

    def _write(self, original: Any, file: Any, data: int, size: int, offset: int) -> int:
        path = self.paths[c.addressof(file.contents)]
        return self.witness.write(path, offset, c.string_at(data, size)) or int(original(file, data, size, offset))

    def _truncate(self, original: Any, file: Any, size: int) -> int:
        return self.witness.truncate(self.paths[c.addressof(file.contents)], size) or int(original(file, size))

    def _sync(self, original: Any, file: Any, flags: int) -> int:
        return self.witness.sync(self.paths[c.addressof(file.contents)]) or int(original(file, flags))

    def _close(self, original: Any, file: Any) -> int:
        self.paths.pop(c.addressof(file.contents), None)
        return int(original(file))

    def _delete(self, _: Any, name: bytes, durably: int) -> int:
        return self.witness.delete(os.fsdecode(name), bool(durably)) or int(
            self._system_delete(self.system, name, durably)
        )


def _bound(function: Any, original: Any) -> Callable[..., int]:
    return lambda *args: function(original, *args)


@contextlib.contextmanager
def watched_by(witness: Witness) -> Iterator[None]:
    """Have every database that is opened meanwhile, encrypted or not, told of to the witness."""
    with contextlib.ExitStack() as both:
        for driver in (_sqlite3, sqlcipher3._sqlite3):
            both.enter_context(_watched_in(_library(driver), witness))
        yield


@contextlib.contextmanager
def _watched_in(library: c.CDLL, witness: Witness) -> Iterator[None]:
    system = library.sqlite3_vfs_find(b"unix")
    ours = _Watched(system, witness)
    _kept.append(ours)
    assert library.sqlite3_vfs_register(c.byref(ours.vfs), 1) == OK
    try:
        yield
    finally:
        library.sqlite3_vfs_unregister(c.byref(ours.vfs))
        library.sqlite3_vfs_register(system, 1)
