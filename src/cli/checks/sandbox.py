"""Which walls stand around the children that work on what strangers send."""

from collections.abc import Iterator

from cli.checks.finding import Finding, good, warning
from core.sandbox import Layers, layers


def check_sandbox(found: Layers | None = None) -> Iterator[Finding]:
    """The layers that work on this machine; `found` is what `layers` says."""
    found = found or layers()
    if found.namespaces:
        yield good("sandbox: network", "ffmpeg and Pillow have none, extractors and the browser only the egress guard")
    else:
        yield warning(
            "sandbox: network",
            f"children share the network of this machine: {found.why_no_namespaces}",
            "Allow unprivileged user namespaces: `sysctl kernel.unprivileged_userns_clone=1` (Debian), "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu), or a container that may `unshare`.",
        )
    if found.files:
        yield good("sandbox: files", "children see programs and their own work, and no process but their own")
    else:
        yield warning(
            "sandbox: files",
            f"children may read what Boss-Bot may, its `.env` too: {found.why_no_files}",
            "Use Linux 5.19 or newer with Landlock (`lsm=landlock,...` at boot), on which Boss-Bot runs as a user of "
            "its own.",
        )
