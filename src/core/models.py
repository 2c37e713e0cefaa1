"""The words of the domain as types: what a row says, and what a stage may do with it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where a download stands; written by runners, read by everybody."""

    PENDING = "pending"  # waits for a download runner
    EXTRACTING = "extracting"  # stages 1 and 2: what is there to fetch?
    DOWNLOADING = "downloading"  # stage 3: aria2c fetches, then parts become media files
    DOWNLOADED = "downloaded"  # files on disk; waits for an upload runner, or kept (upload = 0)
    UPLOADING = "uploading"  # files on their way to the destination
    UPLOADED = "uploaded"  # delivered
    FAILED = "failed"  # gave up; `error` says why
    CANCELLED = "cancelled"  # a person asked for the end


class UrlType(StrEnum):
    """Which extractor a URL is for."""

    TORRENT = "torrent"
    DIRECT = "direct"
    YTDLP = "ytdlp"
    GALLERYDL = "gallerydl"
    PLAYWRIGHT = "playwright"
    UNKNOWN = "unknown"


class Destination(StrEnum):
    """Where the files go."""

    DISCORD = "discord"  # the channel of the row
    FOLDER = "folder"  # a directory of this machine


class SameBy(StrEnum):
    """How it was found that a download is the same as an earlier one."""

    LINK = "link"  # the same media of the same site, wanted in the same way: not fetched again
    BYTES = "bytes"  # the same files: a hint
    LOOKS = "looks"  # pictures or videos that look the same: a hint


class StopReason(StrEnum):
    """Why work on a claimed row was interrupted; stands beside `asyncio.CancelledError`."""

    CANCELLED = "cancelled"  # the row says cancelled = 1
    PAUSED = "paused"  # the row says paused = 1
    SHUTDOWN = "shutdown"  # this runner ends
    NO_ROOM = "no room"  # the disk is about to be full
    TOO_LARGE = "too large"  # the same, and what it needs could never be there
    OUTRANKED = "outranked"  # a row of higher priority takes its slot
    LOST = "lost"  # the row is no longer ours, or is gone


class RunnerState(StrEnum):
    """How a process is, as it says itself in `runners`."""

    STARTING = "starting"  # signed on, and takes no rows yet
    READY = "ready"  # works, or has nothing to do
    WAITING = "waiting"  # for what the note says: room on the disk, Discord, the database
    STOPPING = "stopping"  # was asked to end, and gives its rows back


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A runner's share of the lifecycle: what it takes, what it works in, where success leads."""

    name: str  # also the value of `failed_stage`
    takes: Status
    works_in: tuple[Status, ...]  # the first is the one a claim sets
    ends_in: Status
    delivers: bool  # only rows with upload = 1


DOWNLOAD_STAGE = Stage(
    name="download",
    takes=Status.PENDING,
    works_in=(Status.EXTRACTING, Status.DOWNLOADING),
    ends_in=Status.DOWNLOADED,
    delivers=False,
)
UPLOAD_STAGE = Stage(
    name="upload",
    takes=Status.DOWNLOADED,
    works_in=(Status.UPLOADING,),
    ends_in=Status.UPLOADED,
    delivers=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One row of `downloads`, as it was when it was read. Times are UTC text, sizes bytes."""

    id: int
    parent_id: int | None
    url: str
    url_type: UrlType
    status: Status
    cancelled: bool
    paused: bool
    priority: int
    available_at: str | None
    upload: bool
    user_id: int | None
    guild_id: int | None
    channel_id: int | None
    progress_message_id: int | None
    progress_message_status: Status | None
    destination: Destination
    upload_limit_bytes: int | None
    options: dict[str, Any]
    title: str | None
    extractor: str | None
    file_path: str | None
    file_size: int | None
    progress: float
    downloaded_bytes: int
    download_speed: int
    eta_seconds: int | None
    activity: str | None
    claimed_by: str | None
    epoch: int
    heartbeat_at: str | None
    attempts: int
    error_kind: str | None
    error: str | None
    failed_stage: str | None
    added_at: str
    started_at: str | None
    downloaded_at: str | None
    finished_at: str | None
    site: str | None  # with `media_id` the canonical identity of the media, set by stage 1: youtube, jNQXAC9IVRw
    media_id: str | None
    author: str | None
    duration_seconds: float | None
    thumbnail_url: str | None
    metadata: dict[str, Any]  # what else stage 2 found
    upload_plan: dict[str, Any] = field(default_factory=dict)  # what the upload stage makes of the files; `FitPlan`
    download_plan: dict[str, Any] = field(default_factory=dict)  # what stage 2 chose to fetch; `core/download_plan.py`
    room_needed: int | None = None  # bytes that it waits for on the disk; of a row that is worked on, promised to it
    thread_id: int | None = None  # where the files of a list or a large gallery go, beside its card
    size_limit_bytes: int | None = None  # what the one who asked may have; None: what the host allows
    running_limit: int | None = None  # how many of his downloads may run at once; None: any
    allow_torrents: bool = False  # he may ask for torrents, whatever the host allows others
    auto_retry: bool = True  # passing errors are tried again without being asked
    locale: str | None = None  # the language of the answer, as Discord names it
    same_as: int | None = None  # an earlier download that is the same ...
    same_by: SameBy | None = None  # ... by this ...
    same_url: str | None = None  # ... and the message that carries its files
    recorded_at: str | None = None  # when `metadata.json` was last made complete
    fetch_key: str | None = None  # what this claim fetches; see core/first.py
    waits_for: int | None = None  # the download that fetches the same

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to this row unless a person asks."""
        return self.is_kept or self.status in (Status.UPLOADED, Status.FAILED, Status.CANCELLED)

    @property
    def is_kept(self) -> bool:
        """Whether all is fetched and nothing is to be delivered; so ends a playlist, too, whose entries are rows."""
        return self.status is Status.DOWNLOADED and not self.upload


@dataclass(frozen=True, slots=True)
class Batch:
    """How far the entries of a playlist are, in numbers of downloads."""

    total: int
    done: int  # delivered, or kept as was asked
    failed: int
    cancelled: int

    @property
    def left(self) -> int:
        """How many are not over."""
        return self.total - self.done - self.failed - self.cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """One row of `media_files`: one file of a download."""

    id: int
    download_id: int
    position: int  # from 0, the order in which files are delivered
    path: str
    kind: str  # video, audio, image, document
    mime_type: str | None
    bytes: int
    sha256: str | None
    duration_seconds: float | None
    width: int | None
    height: int | None
    delivered_url: str | None
    delivered_message_id: int | None
    nonce: str | None  # committed before a delivery begins, so that a retry can find it
    source_url: str | None = None  # the row's URL when it was fetched
    description: str | None = None  # alt text
    fitted_from: int | None = None  # the id of the file that this one was made of, to fit the destination
    perceptual_hash: str | None = None  # what it looks like


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMediaFile:
    """What a stage records of a file that it finished."""

    path: str
    kind: str
    mime_type: str | None
    bytes: int
    source_url: str | None = None
    sha256: str | None = None
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    description: str | None = None  # alt text


@dataclass(frozen=True, slots=True)
class ChildRow:
    """An entry of a playlist, channel or album: a download of its own."""

    url: str
    title: str | None = None
    site: str | None = None  # as in `Download`, where it can be told from the URL
    media_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asks for: the columns that a new row is made of."""

    url: str
    destination: Destination = Destination.FOLDER
    upload: bool = True
    priority: int = 0
    user_id: int | None = None
    guild_id: int | None = None
    channel_id: int | None = None
    progress_message_id: int | None = None
    upload_limit_bytes: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    # of the one who asked: how he is called (see core/members.py), and as in `Download`
    user_name: str | None = None
    size_limit_bytes: int | None = None
    running_limit: int | None = None
    allow_torrents: bool = False
    auto_retry: bool = True
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a transfer is: all parts of one row together."""

    progress: float  # 0..100
    downloaded_bytes: int
    download_speed: int  # bytes per second
    eta_seconds: int | None
    activity: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """How work on a claimed row ended: the status it moves to, and columns written with it."""

    status: Status
    values: dict[str, Any] = field(default_factory=dict)
