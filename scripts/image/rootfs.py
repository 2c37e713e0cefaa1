"""A directory tree in which the steps of a Dockerfile are carried out, in namespaces of their own; needs root."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.image.dockerfile import Stage, Step

RUN_TIMEOUT = 900.0  # seconds
MACHINE = "/run/machine"  # in the tree, while it is built: how this machine reaches its package registries
# Unlike a chroot, another root by pivot_root lets programs make user namespaces, as in a container.
ENTER = """
root=$1; read_only=$2; shift 2
path=$PATH; PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 devices "$root/dev"
for name in null zero full random urandom tty; do
  touch "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/shm"; mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
while [ "$1" != -- ]; do
  case $1 in
    tmpfs:*) mount -t tmpfs -o "${2}" tmpfs "$root${1#tmpfs:}" ;;
    *) [ -e "$root$2" ] || { [ -d "$1" ] && mkdir -p "$root$2" || touch "$root$2"; }; mount --bind "$1" "$root$2" ;;
  esac
  shift 2
done
shift
mkdir -p "$root/.old"; cd "$root"; pivot_root . .old; cd /; umount -l /.old
[ "$read_only" = no ] || mount -o remount,bind,ro /
PATH=$path
exec "$@"
"""


@dataclass(slots=True)
class Tree:
    """The files of a stage, with the directory, user and environment that its steps set."""

    path: Path
    directory: str = "/"
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    user: str = "0:0"

    def build(self, stage: Stage, *, context: Path, others: Mapping[str, "Tree"]) -> None:
        """Carry out all steps of a stage.

        Args:
            stage: which.
            context: the directory that COPY reads.
            others: the stages before, by name.
        """
        self._reach_registries()
        for step in stage.steps:
            if step.word in ("ARG", "ENV"):
                self.environment |= step.pairs
            elif step.word == "USER":
                self.user = step.text
            elif step.word == "WORKDIR":
                self.directory = step.text
                self.at(step.text).mkdir(parents=True, exist_ok=True)
            elif step.word == "COPY":
                self._copy(step, context, others)
            elif step.word == "RUN":
                print(f"  RUN {step.text[:110]}", flush=True)
                self._run(step.text)
        shutil.rmtree(self.path / MACHINE[1:])

    def _run(self, script: str) -> None:
        done = subprocess.run(
            self.command(["sh", "-ec", script]),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_TIMEOUT,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"exit status {done.returncode}:\n{done.stdout[-4000:]}")

    def at(self, path: str) -> Path:
        """Where a path of the tree lies on this machine."""
        return self.path / path.lstrip("/")

    def command(
        self, argv: Sequence[str], *, read_only: bool = False, mounts: Sequence[tuple[str, str]] = ()
    ) -> list[str]:
        """The command line that runs a program in the tree as its user, without rights that could be regained.

        Args:
            argv: the program.
            read_only: as `docker run --read-only`.
            mounts: pairs of a directory here and there, or of `tmpfs:/there` and its options.
        """
        binds = [*mounts, ("/etc/resolv.conf", "/etc/resolv.conf")]
        uid, gid = self.user.split(":")
        dropped = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"] if uid != "0" else []
        become = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *dropped]
        cd = ["sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", self.directory]
        enter = ["sh", "-ec", ENTER, "sh", str(self.path), "yes" if read_only else "no"]
        apart = ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child"]
        return [*apart, *enter, *(word for bind in binds for word in bind), "--", *become, *cd, *argv]

    def _copy(self, step: Step, context: Path, others: Mapping[str, "Tree"]) -> None:
        words = step.words
        where = None
        if words[0].startswith("--from="):
            where = others[words.pop(0).removeprefix("--from=")]
        *sources, target = words
        to = self.at(str(Path(self.directory, target)))
        for name in sources:
            source = where.at(name) if where else context / name
            if source.is_dir():
                shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True, ignore=_ignored)
            else:
                into = to / source.name if target.endswith("/") or len(sources) > 1 else to
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, into)

    def _reach_registries(self) -> None:
        """Take over what this machine knows of its package registries; gone again when the stage is built."""
        machine = self.at(MACHINE)
        machine.mkdir(parents=True, exist_ok=True)
        certificates = Path(os.environ.get("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt"))
        if certificates.exists():
            shutil.copy(certificates, machine / "certificates.crt")
            self.environment["PIP_CERT"] = f"{MACHINE}/certificates.crt"
        shutil.copytree("/etc/apt/apt.conf.d", machine / "apt.conf.d")
        (machine / "apt.conf").write_text(
            f'Dir::Etc::parts "{MACHINE}/apt.conf.d";\nAcquire::https::CAInfo "{MACHINE}/certificates.crt";\n'
            'DPkg::Options { "--force-unsafe-io"; };\n'  # as images of Debian have it; much faster on a busy disk
        )
        names = [name for name in os.environ if name.lower().endswith("_proxy") or name == "PIP_INDEX_URL"]
        self.environment |= {name: os.environ[name] for name in names}
        self.environment |= {"APT_CONFIG": f"{MACHINE}/apt.conf", "DEBIAN_FRONTEND": "noninteractive"}


def _ignored(_directory: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]
