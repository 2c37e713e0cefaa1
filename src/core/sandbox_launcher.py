"""Confines its own process and then becomes the program that it was started for.

Runs by itself, as `python -I -S`, between the start of a child and the child's program: the runner has threads, and
what a process with threads does between fork and exec may hang. So it imports nothing of ours, and little at all: it is
started often. The values are those of linux/prctl.h, linux/sched.h and linux/landlock.h.
"""

from __future__ import annotations

import os
import resource
import sys

TYPE_CHECKING = False  # that of `typing`, which takes long to import
if TYPE_CHECKING:
    import ctypes
    from collections.abc import Iterable, Mapping, Sequence

UNUSABLE = 125  # exit status: a layer that was there when it was looked for is not any more
NOT_FOUND = 127
INSIDE = 1000  # the number that root has inside: programs that see 0 leave out protections of their own

_PDEATHSIG, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 24, 38
_SIGKILL = 9
_NEW_USER, _NEW_NET, _NEW_MOUNTS = 0x10000000, 0x40000000, 0x00020000
_READ_ONLY, _NO_SUID, _NO_DEV, _NO_EXEC, _REMOUNT = 1, 2, 4, 8, 32
_BIND, _RECURSIVE, _PRIVATE = 1 << 12, 1 << 14, 1 << 18
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every architecture
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1, 2, 4, 8, 1 << 14
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_LOOK = _EXECUTE | _READ_FILE | _READ_DIR
_OLDEST_ABI = 2  # the first did not let a file be moved from one directory to another
_TCP = 3  # bind and connect
_SIGNALS_AND_ABSTRACT_SOCKETS = 3


def become(
    *,
    parent: int | None = None,
    network: str | tuple[int, int] | None = None,
    files: tuple[Sequence[str], Sequence[str]] | None = None,
    sandboxes: bool = False,
    limits: Mapping[str, int],
    niceness: int = 0,
) -> None:
    """Become the program that the command line names.

    Args:
        parent: die with the thread that started us, whose process this is; None: outlive it.
        network: None: as it is; "none": none at all; "no tcp": without a namespace for it; or the descriptors of a user
            and a network namespace.
        files: what may be read and what may be written; None: anything.
        sandboxes: it is a browser, and has a sandbox of its own to set up.
        limits: names and values of `resource`.
        niceness: added to ours.
    """
    _give_way(niceness)
    try:
        if network == "none":
            _enter_new(_NEW_USER | _NEW_NET)
        elif isinstance(network, tuple):
            _join(*network)
        if sandboxes and files is not None:
            _protect_kernel()
        if sys.platform == "linux":
            _give_up_rights(parent, gain_none=files is not None or not sandboxes)
            if files is not None or network == "no tcp":
                _shut(files, tcp=network != "no tcp")
    except OSError as error:
        sys.exit(_fail(UNUSABLE, f"the sandbox does not work any more: {error}"))
    _limit(limits)
    try:
        os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  (no shell is what is wanted)
    except OSError as error:
        sys.exit(_fail(NOT_FOUND, f"{sys.argv[1]}: {error.strerror}"))


def _give_way(niceness: int) -> None:
    """Take less of the processor than others.

    Where Linux shares it among sessions (`sched_autogroup_enabled`, man 7 sched) the niceness of a process counts only
    within its session, and a child of ours has its own: then that of the session is what others feel.
    """
    if not niceness:
        return
    reached = os.nice(niceness)
    try:
        with open("/proc/self/autogroup", "w") as file:  # noqa: PTH123  (pathlib takes long to import)
            file.write(str(reached))
    except OSError:  # it is off, is not Linux, or was told so a moment ago: no reason to do without the child
        return


def make_network(descriptor: int, port: int) -> None:
    """Make an empty network that has nothing but a listening socket, and send the means to enter it and to serve it.

    Over the Unix socket `descriptor` go three descriptors: the user namespace, the network namespace, the listener on
    127.0.0.1:`port` inside of it.
    """
    import fcntl
    import socket
    import struct

    _enter_new(_NEW_USER | _NEW_NET)
    listener = socket.socket()
    name, get_flags, set_flags, up = b"lo", 0x8913, 0x8914, 1
    flags = struct.unpack("16sh", fcntl.ioctl(listener, get_flags, struct.pack("16sh", name, 0)))[1]
    fcntl.ioctl(listener, set_flags, struct.pack("16sh", name, flags | up))
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    namespaces = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in ("user", "net")]
    with socket.socket(fileno=descriptor) as carrier:
        socket.send_fds(carrier, [b"."], [*namespaces, listener.fileno()])


def landlock_version() -> int:
    """The version of Landlock in this kernel; 0: none that is of use."""
    version = _libc().syscall(_CREATE_RULESET, None, 0, 1)
    return version if version >= _OLDEST_ABI else 0


def _enter_new(kinds: int) -> None:
    user, group = os.geteuid(), os.getegid()
    _call("unshare", kinds)
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{user or INSIDE} {user} 1"),
        ("gid_map", f"{group or INSIDE} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  (pathlib takes long to import)
            file.write(content)


def _join(user: int, network: int) -> None:
    _call("setns", user, _NEW_USER)
    _call("setns", network, _NEW_NET)
    os.close(user)
    os.close(network)


def _protect_kernel() -> None:
    """What in /proc is not of processes can't be written any more, not even by root."""
    _call("unshare", _NEW_MOUNTS)
    _mount("/", _PRIVATE | _RECURSIVE)
    for name in ("bus", "fs", "irq", "sys", "sysrq-trigger"):
        path = f"/proc/{name}"
        if os.path.exists(path):  # noqa: PTH110  (as above)
            _mount(path, _BIND | _RECURSIVE)
            _mount(path, _BIND | _REMOUNT | _READ_ONLY | _NO_SUID | _NO_DEV | _NO_EXEC)


def _give_up_rights(parent: int | None, *, gain_none: bool) -> None:
    prctl = _libc().prctl
    if gain_none:
        for capability in range(64):
            if prctl(_CAPBSET_DROP, capability, 0, 0, 0) != 0:  # not ours to drop, or the last one is gone
                break
        prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    if parent is not None:
        prctl(_PDEATHSIG, _SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it has died already
            sys.exit(UNUSABLE)


def _shut(files: tuple[Sequence[str], Sequence[str]] | None, *, tcp: bool) -> None:
    """Refuse all files but these, TCP if asked, and to signal or look into whoever is not as confined as we are."""
    import struct

    version = landlock_version()
    every = ((1 << 14) - 1) | (_TRUNCATE if version >= 3 else 0)
    handled = [every if files is not None else 0]
    if version >= 4:
        handled.append(0 if tcp else _TCP)
    if version >= 6:
        handled.append(_SIGNALS_AND_ABSTRACT_SOCKETS)
    if not any(handled):
        return
    attributes = struct.pack(f"={len(handled)}Q", *handled)
    ruleset = _system_call(_CREATE_RULESET, attributes, len(attributes), 0)
    if files is not None:
        _allow(ruleset, files[0], _LOOK)
        _allow(ruleset, files[1], every)
    _system_call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, paths: Iterable[str], rights: int) -> None:
    import stat
    import struct

    for path in paths:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # what is not there needs no rule
            continue
        may = rights if stat.S_ISDIR(os.fstat(place).st_mode) else rights & _OF_FILES
        _system_call(_ADD_RULE, ruleset, 1, struct.pack("=Qi", may, place), 0)
        os.close(place)


def _limit(limits: Mapping[str, int]) -> None:
    for name, value in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def _libc() -> ctypes.CDLL:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


def _mount(path: str, flags: int) -> None:
    _call("mount", path.encode(), path.encode(), None, flags, None)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc(), name)(*arguments) != 0:
        raise _error(name)


def _system_call(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(number, *arguments)
    if result < 0:
        raise _error("landlock")
    return result


def _error(what: str) -> OSError:
    import ctypes

    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")


def _fail(status: int, words: str) -> int:
    os.write(2, f"{words}\n".encode())
    return status
