"""How a transfer is handed to aria2: the RPC call and its options."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from core.errors import TransferError
from download_module.aria2c_control import ranges_options
from download_module.personal_headers import headers_to
from download_module.transfers import Transfer
from download_module.way_out import WayOut

Call = tuple[str, list[Any]]  # method, parameters
# Makes calls in one request: for each a list of one result, or a dict with `code` and `message`; DaemonUnavailable.
Ask = Callable[[Sequence[Call]], Awaitable[list[Any]]]
MIB = 1024 * 1024
# Of every transfer. All values are strings: aria2 ignores numbers and booleans without a word.
OPTIONS = {
    "continue": "true",
    "allow-overwrite": "true",
    "auto-file-renaming": "false",
    "follow-torrent": "false",
    "follow-metalink": "false",
    "split": "16",
    "max-connection-per-server": "16",
    "min-split-size": "1M",
    "file-allocation": "none",  # else a server that lies about the length fills the disk before anybody can look
    "max-tries": "5",
    "retry-wait": "2",
    "connect-timeout": "10",
    "timeout": "30",
    "lowest-speed-limit": "100",  # bytes per second and connection; a trickle is no transfer
}
# Metadata that were saved would start a magnet at once, without the pause in which its files are looked at.
TORRENT_OPTIONS = {
    "pause-metadata": "true",
    "bt-save-metadata": "false",
    "bt-load-saved-metadata": "false",
    "rpc-save-upload-metadata": "false",
    "seed-time": "0",
    "bt-stop-timeout": "300",
}


def call_for(transfer: Transfer, uris: Sequence[str], *, connections: int, rate: int = 0, guarded: bool = True) -> Call:
    """The call that adds a transfer.

    Args:
        transfer: what is fetched.
        uris: from where, mirrors of the same bytes; none for a .torrent.
        connections: at once, 1 to 16.
        rate: bytes a second; 0 is no limit.
        guarded: whether the daemon can go through the guard.

    Raises:
        TransferError: an address or a header has control characters, which aria2 would take for further options.
    """
    part = transfer.part
    options: dict[str, Any] = {
        "gid": transfer.gid,
        **OPTIONS,
        "split": str(connections),
        "max-connection-per-server": str(connections),
        "min-split-size": f"{min(max((part.chunk or 0) // MIB, 1), 1024)}M",
        "max-download-limit": str(rate),
    }
    if part.is_torrent:
        options |= {"dir": str(transfer.target), **TORRENT_OPTIONS}
        if part.files:
            options |= {"select-file": numbers(part.files)}
    else:
        options |= {"dir": str(transfer.target.parent), "out": transfer.target.name}
    if part.checksum and uris == part.uris:  # a fallback's bytes are others
        options["checksum"] = part.checksum
    if part.ranges:
        options |= ranges_options(part)
    if guarded:
        options |= proxy_options(transfer.way_out)
    headers = [f"{name}: {value}" for name, value in headers_to(part, uris)]
    if any(ord(c) < 0x20 or c == "\x7f" for text in (*headers, *uris) for c in text):
        raise TransferError("The site gave an address that can't be used.")
    options["header"] = headers
    if part.torrent is not None:
        return ("aria2.addTorrent", [base64.b64encode(part.torrent).decode(), [], options])
    return ("aria2.addUri", [list(uris), options])


def proxy_options(way_out: WayOut) -> dict[str, str]:
    """The guard for whatever aria2 sends by HTTP or FTP for a transfer, trackers included; peers and UDP know no proxy.

    They go over RPC, because everybody on the machine can read the arguments of a process.
    """
    proxy = way_out.proxy("aria2c")
    if proxy is None:
        return {}
    return {
        "all-proxy": f"http://{proxy.host}:{proxy.port}",
        "all-proxy-user": proxy.username,
        "all-proxy-passwd": proxy.password,
        "no-proxy": "",
        # Also for http: the guard relays it within the kernel, and a connection is kept for the next file of its host.
        "proxy-method": "tunnel",
    }


def numbers(files: Sequence[int]) -> str:
    """The numbers of a torrent's files as `select-file` takes them."""
    return ",".join(map(str, files))
