"""What may have to be shown: a row, with what belongs to its card, and the face that comes of it."""

import time
from dataclasses import dataclass

from cogs.faces import Face, Taste, Wait, face_of
from cogs.list_faces import list_face_of
from core.expected_start import Line
from core.models import Batch, Destination, Download, Status
from core.preferences import Notify
from core.queries import Queries

SHARE = 30  # a long line is read during a thirtieth of the time at most
LONG = 1000  # places for which a line is good for a second; of a short one, a slow answer says that the machine is busy


@dataclass(frozen=True, slots=True)
class Due:
    """A download whose message may have to change.

    `wait` is known for those that wait, `batch` for playlists that have become rows.
    """

    download: Download
    wait: Wait | None = None
    batch: Batch | None = None

    @property
    def status(self) -> Status:
        """See `ToShow`: a playlist is being downloaded until its last entry is over."""
        return Status.DOWNLOADING if self.batch is not None and self.batch.left else self.download.status

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen, to entries neither."""
        return self.download.is_over and not (self.batch is not None and self.batch.left)

    @property
    def phase(self) -> str:
        """What readers of few words want to be told of: begin, end, and what people asked for."""
        row = self.download
        if self.is_over:
            return f"over {row.status}"
        if row.cancelled or row.paused:
            return "ending" if row.cancelled else "paused"
        return "waiting" if row.status is Status.PENDING else "working"

    def is_worth_an_edit(self, shown_phase: str | None, level: Notify) -> bool:
        """Whether the reader wants this change at all.

        Args:
            shown_phase: what the message shows; None when that is not known.
            level: how much he wants to know.
        """
        if shown_phase is None or level in (Notify.NORMAL, Notify.VERBOSE):
            return True
        return self.is_over if level is Notify.NONE else self.phase != shown_phase


class LineReader:
    """Reads the line of those who wait, the more seldom the longer it is: 10,000 rows take a third of a second."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._line: Line | None = None
        self._good_until = 0.0

    async def read(self) -> Line:
        """The line, as it was a moment ago."""
        began = time.monotonic()
        if self._line is None or began >= self._good_until:
            self._line = await self._queries.line()
            ended = time.monotonic()
            self._good_until = ended + min(SHARE * (ended - began), len(self._line.ids) / LONG)
        return self._line


class FaceReader:
    """Makes faces of rows, with what has to be read for them."""

    def __init__(self, queries: Queries, *, slots: int, upload_limit: int) -> None:
        self._queries = queries
        self._slots = slots  # downloads that are worked on at once
        self._upload_limit = upload_limit  # bytes of a file, where a row names no limit

    def wait(self, download: Download, line: Line) -> Wait | None:
        """Where a download stands in the line."""
        ahead = line.ahead_of(download.id)
        return None if ahead is None else Wait(ahead=ahead, seconds=line.seconds_until(ahead, slots=self._slots))

    async def face(self, one: Due, taste: Taste) -> Face:
        """What the message of a download shows now."""
        row = one.download
        if one.batch is not None:
            return list_face_of(row, one.batch, await self._queries.children([row.id]), taste=taste)
        limit = row.upload_limit_bytes or self._upload_limit
        is_sent = row.destination is Destination.DISCORD and row.upload
        return face_of(row, wait=one.wait, limit=limit if is_sent else None, taste=taste)
