"""What is delivered of a download: its files, or in their place what was made of them to fit."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from core.models import MediaFile


class Deliverables:
    """All rows of `media_files` of one download, as a tree: a fitted file hangs below the one it was made of."""

    def __init__(self, rows: Sequence[MediaFile]) -> None:
        self._rows = rows
        self._made: defaultdict[int | None, list[MediaFile]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.position):
            self._made[row.fitted_from].append(row)

    @property
    def sources(self) -> list[MediaFile]:
        """The files as they were fetched, in order."""
        return self._made[None]

    @property
    def messages(self) -> int:
        """How many messages carry some of them already."""
        return len({row.delivered_message_id for row in self._rows} - {None})

    def made_of(self, file: MediaFile) -> list[MediaFile]:
        """What was made of a file, in order."""
        return self._made[file.id]

    def waiting(self) -> list[MediaFile]:
        """What is still to be delivered, in order: nothing of which something else was made."""
        return [leaf for file in self.sources for leaf in self._leaves(file)]

    def unfitted(self) -> list[MediaFile]:
        """Where fitting may begin, in order: the files themselves, as long as nothing that was made of them is sent.

        Afterwards the rest of what was made of it: parts of one film can't come of two different cuts.
        """
        found: list[MediaFile] = []
        for file in self.sources:
            if file.delivered_message_id is None:
                found += self._leaves(file) if self._is_begun(file) else [file]
        return found

    def _leaves(self, file: MediaFile) -> Iterator[MediaFile]:
        if file.delivered_message_id is not None:
            return
        made = self._made[file.id]
        if not made:
            yield file
        for one in made:
            yield from self._leaves(one)

    def _is_begun(self, file: MediaFile) -> bool:
        """Whether something that was made of a file is delivered, or perhaps."""
        made = self._made[file.id]
        return any(one.delivered_message_id is not None or one.nonce or self._is_begun(one) for one in made)
