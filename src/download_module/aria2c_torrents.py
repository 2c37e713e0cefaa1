"""What is peculiar to torrents: a magnet's files are chosen when its metadata have come; a part may be many files."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import TooLarge
from download_module.aria2c_calls import Ask, numbers
from download_module.live_transfers import Live
from download_module.torrent_files import chosen_files

MAX_FILES = 1000


@dataclass(frozen=True, slots=True)
class Torrents:
    """Asks aria2 about torrents."""

    ask: Ask

    async def choose(self, live: Live) -> None:
        """A magnet's metadata is here: look at what it has, choose files of it, and let them be fetched.

        Raises:
            TooLarge: too many files, or too many bytes in those that were chosen.
            MediaNotFound: none of the files that were asked for exists.
        """
        (answer,) = await self.ask([("aria2.getFiles", [live.gid])])
        files = answer[0]
        if len(files) > MAX_FILES:
            raise TooLarge(f"This torrent has more than {MAX_FILES} files.")
        sizes = [int(file["length"]) for file in files]
        chosen = chosen_files(
            [(file["path"], size) for file, size in zip(files, sizes, strict=True)], live.transfer.part.wanted
        )
        live.note(0, sum(sizes[number - 1] for number in chosen), 0)
        if live.row.reach > live.row.max_bytes:
            raise TooLarge
        some = (
            [("aria2.changeOption", [live.gid, {"select-file": numbers(chosen)}])] if len(chosen) < len(files) else []
        )
        await self.ask([*some, ("aria2.unpause", [live.gid])])

    async def files(self, live: Live) -> list[Path]:
        """The files that a transfer became."""
        if not live.transfer.part.is_torrent:
            return [live.transfer.target]
        (answer,) = await self.ask([("aria2.getFiles", [live.gid])])
        paths = [Path(file["path"]).resolve() for file in answer[0] if file["selected"] == "true"]
        inside = live.transfer.target.resolve()
        return [path for path in paths if path.is_relative_to(inside)]
