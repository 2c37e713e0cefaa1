"""How a transfer is handed to aria2: the RPC call and its options."""

import base64
from typing import Any

from core.errors import TransferError
from download_module.transfers import Transfer

Call = tuple[str, list[Any]]  # method, parameters
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


def call_for(transfer: Transfer) -> Call:
    """The call that adds a transfer.

    Raises:
        TransferError: an address or a header has control characters, which aria2 would take for further options.
    """
    part = transfer.part
    options: dict[str, Any] = {"gid": transfer.gid, **OPTIONS}
    if part.is_torrent:
        options |= {"dir": str(transfer.target), "pause-metadata": "true", "seed-time": "0", "bt-stop-timeout": "300"}
    else:
        options |= {"dir": str(transfer.target.parent), "out": transfer.target.name}
    if part.checksum:
        options["checksum"] = part.checksum
    headers = [f"{name}: {value}" for name, value in part.headers]
    if any(ord(c) < 0x20 or c == "\x7f" for text in (*headers, *part.uris) for c in text):
        raise TransferError("The site gave an address that can't be used.")
    options["header"] = headers
    if part.torrent is not None:
        return ("aria2.addTorrent", [base64.b64encode(part.torrent).decode(), [], options])
    return ("aria2.addUri", [list(part.uris), options])
