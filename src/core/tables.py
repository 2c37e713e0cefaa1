"""The schema: a public interface that people edit in a database shell, so it refuses nonsense itself."""

from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

from core.models import Destination, SameBy, Status, UrlType
from core.sql_functions import TIME, is_json_object, is_time, utc_now

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# A STRICT table of SQLite knows INTEGER and REAL only; PostgreSQL needs the wide ones named.
Whole: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
Real: TypeEngine[float] = Double().with_variant(REAL(), "sqlite")


def _one_of(column: str, values: Any) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _flag(column: str, default: int = 0) -> tuple[Column[int], CheckConstraint]:
    return (
        Column(column, Integer, nullable=False, server_default=text(str(default))),
        CheckConstraint(f"{column} IN (0, 1)", name=column),
    )


def _later_flag(column: str, default: int = 0) -> Column[int]:
    check = CheckConstraint(f"{column} IN (0, 1)", name=column)
    return Column(column, Integer, check, nullable=False, server_default=text(str(default)))


def _times(*columns: str) -> list[CheckConstraint]:
    # Both say: writing the time anew changes nothing. Without a move, SQLite takes the 30th of February as it is.
    checks = []
    for column in columns:
        sqlite = CheckConstraint(f"{column} IS datetime({column}, '+0 days')", name=column)
        postgresql = CheckConstraint(f"to_char({column}::timestamp, '{TIME}') = {column}", name=column)
        checks += [sqlite.ddl_if(dialect="sqlite"), postgresql.ddl_if(dialect="postgresql")]
    return checks


def _json_object(column: str) -> CheckConstraint:
    return CheckConstraint(is_json_object(column), name=column)


def _not_negative(*columns: str) -> list[CheckConstraint]:
    return [CheckConstraint(f"{column} >= 0", name=column) for column in columns]


downloads = Table(
    "downloads",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("parent_id", Whole, ForeignKey("downloads.id", ondelete="SET NULL")),
    Column("url", Text, nullable=False),
    Column("url_type", Text, nullable=False, server_default=UrlType.UNKNOWN.value),
    Column("status", Text, nullable=False, server_default=Status.PENDING.value),
    # requests: written by whoever asks
    *_flag("cancelled"),
    *_flag("paused"),
    Column("priority", Integer, nullable=False, server_default=text("0")),
    Column("available_at", Text),
    *_flag("upload", default=1),
    # who asked, where the answer goes
    Column("user_id", Whole),
    Column("guild_id", Whole),
    Column("channel_id", Whole),
    Column("progress_message_id", Whole),
    Column("progress_message_status", Text),
    Column("destination", Text, nullable=False, server_default=Destination.FOLDER.value),
    Column("upload_limit_bytes", Whole),
    Column("options", Text, nullable=False, server_default="{}"),
    # what stage 2 found
    Column("title", Text),
    Column("extractor", Text),
    Column("file_path", Text),
    Column("file_size", Whole),
    # how far it is
    Column("progress", Real, nullable=False, server_default=text("0")),
    Column("downloaded_bytes", Whole, nullable=False, server_default=text("0")),
    Column("download_speed", Whole, nullable=False, server_default=text("0")),
    Column("eta_seconds", Whole),
    Column("activity", Text),
    # the claim
    Column("claimed_by", Text),
    Column("epoch", Integer, nullable=False, server_default=text("0")),
    Column("heartbeat_at", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # how it failed
    Column("error_kind", Text),
    Column("error", Text),
    Column("failed_stage", Text),
    Column("added_at", Text, nullable=False, server_default=utc_now()),
    Column("started_at", Text),
    Column("downloaded_at", Text),
    Column("finished_at", Text),
    # Added later, so at the end and with their checks beside them: that is what ALTER TABLE ... ADD COLUMN writes.
    # whose media it is, and more that stages 1 and 2 found
    Column("site", Text),
    Column("media_id", Text),
    Column("author", Text),
    Column("duration_seconds", Real, *_not_negative("duration_seconds")),
    Column("thumbnail_url", Text),
    Column("metadata", Text, _json_object("metadata"), nullable=False, server_default="{}"),
    # what the upload stage makes of the files; see `FitPlan`
    Column("upload_plan", Text, _json_object("upload_plan"), nullable=False, server_default="{}"),
    # what the one who asked may have, and the language of the answer
    Column("size_limit_bytes", Whole, CheckConstraint("size_limit_bytes > 0", name="size_limit_bytes")),
    Column("running_limit", Integer, CheckConstraint("running_limit > 0", name="running_limit")),
    _later_flag("allow_torrents"),
    _later_flag("auto_retry", default=1),
    Column("locale", Text),
    # what stage 2 chose to fetch (see core/download_plan.py), and the thread beside the card
    Column("download_plan", Text, _json_object("download_plan"), nullable=False, server_default="{}"),
    Column("thread_id", Whole),
    # bytes that must be free before it is begun again; while it is worked on, bytes that are promised to it
    Column("room_needed", Whole, *_not_negative("room_needed")),
    # the earlier download that this one looks like: of the same link, bytes or pictures; and its message
    Column("same_as", Whole),
    Column("same_by", Text, _one_of("same_by", SameBy)),
    Column("same_url", Text),
    # when metadata.json was last made complete
    Column("recorded_at", Text, CheckConstraint(is_time("recorded_at"), name="recorded_at")),
    # what this claim fetches, and the download of the same that it waits for; see core/first.py
    Column("fetch_key", Text),
    Column("waits_for", Whole),
    CheckConstraint("length(url) BETWEEN 1 AND 8192", name="url"),
    _one_of("url_type", UrlType),
    _one_of("status", Status),
    CheckConstraint("priority BETWEEN -1 AND 1", name="priority"),
    _one_of("progress_message_status", Status),
    _one_of("destination", Destination),
    CheckConstraint("upload_limit_bytes > 0", name="upload_limit_bytes"),
    CheckConstraint("destination <> 'discord' OR channel_id IS NOT NULL", name="discord_needs_channel"),
    _json_object("options"),
    CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
    *_not_negative("file_size", "downloaded_bytes", "download_speed", "eta_seconds", "epoch", "attempts"),
    _one_of("failed_stage", ("download", "upload")),
    *_times("available_at", "heartbeat_at", "added_at", "started_at", "downloaded_at", "finished_at"),
    Index(None, "status", "priority", "added_at"),
    Index(None, "claimed_by"),
    Index(None, "parent_id"),
    Index(None, "guild_id", "user_id"),
    Index(None, "guild_id", "site", "media_id"),
    Index(None, "finished_at"),
    Index(None, "fetch_key"),
    sqlite_strict=True,
    sqlite_autoincrement=True,  # ids name directories and transfers, so none is ever given twice
)

media_files = Table(
    "media_files",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("download_id", Whole, ForeignKey("downloads.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mime_type", Text),
    Column("bytes", Whole, nullable=False),
    Column("sha256", Text),
    Column("duration_seconds", Real),
    Column("width", Integer),
    Column("height", Integer),
    Column("delivered_url", Text),
    Column("delivered_message_id", Whole),
    Column("nonce", Text),
    Column("source_url", Text),  # the row's URL when it was fetched: a hand edit of it asks for something else
    Column("description", Text),  # alt text
    # The id of the file that this one was made of, to fit the destination; older, so that there is no circle.
    Column("fitted_from", Whole, CheckConstraint("fitted_from < id", name="fitted_from")),
    Column("perceptual_hash", Text),  # what a picture or video looks like; see upload_module/likeness.py
    _one_of("kind", ("video", "audio", "image", "document")),
    *_not_negative("position", "bytes", "duration_seconds", "width", "height"),
    Index(None, "download_id", "position", unique=True),
    sqlite_strict=True,
)

# The bytes that each claim fetched, whatever became of them: what quotas count. It outlives its row for as long.
fetched = Table(
    "fetched",
    metadata,
    Column("download_id", Whole, nullable=False, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False, primary_key=True, autoincrement=False),
    Column("user_id", Whole),
    Column("guild_id", Whole),
    Column("at", Text, nullable=False, server_default=utc_now()),  # when the last of them came
    Column("bytes", Whole, nullable=False),
    *_not_negative("bytes"),
    *_times("at"),
    Index(None, "guild_id", "at"),
    Index(None, "user_id", "at"),
    sqlite_strict=True,
)

# Append-only, and without a foreign key: the history outlives its row.
events = Table(
    "events",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("download_id", Whole, nullable=False),
    Column("at", Text, nullable=False, server_default=utc_now()),
    Column("actor", Text, nullable=False),
    Column("epoch", Integer),
    Column("moved_to", Text, nullable=False),
    Column("note", Text),
    # Of the row at that moment, so that figures need nothing else; an error where the move was the end of a try.
    Column("guild_id", Whole),
    Column("site", Text),
    Column("extractor", Text),
    Column("bytes", Whole),
    Column("error_kind", Text),
    _one_of("moved_to", Status),
    *_times("at"),
    Index(None, "download_id"),
    Index(None, "at"),
    Index(None, "site", "at"),
    sqlite_strict=True,
)

runners = Table(
    "runners",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Text, nullable=False, server_default=utc_now()),
    Column("heartbeat_at", Text, nullable=False, server_default=utc_now()),
    # How it is: `waiting` for what the note says (room on the disk, Discord, the database), `stopping` when asked to.
    Column("state", Text, nullable=False, server_default="ready"),
    Column("note", Text),
    _one_of("kind", ("bot", "download", "upload", "web")),
    _one_of("state", ("starting", "ready", "waiting", "stopping")),
    *_times("started_at", "heartbeat_at"),
    sqlite_strict=True,
)

# One row: a name that was drawn once, and the number of all heartbeats. See core/database_identity.py.
database_identity = Table(
    "database_identity",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="id"), primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("beats", Whole, nullable=False, server_default=text("0")),
    *_not_negative("beats"),
    sqlite_strict=True,
)

chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("runner", Text),
    Column("started_at", Text),
    Column("finished_at", Text),
    Column("report", Text),
    Column("error", Text),
    *_times("started_at", "finished_at"),
    sqlite_strict=True,
)

guild_settings = Table(
    "guild_settings",
    metadata,
    Column("guild_id", Whole, primary_key=True, autoincrement=False),
    Column("upload_limit_bytes", Whole),  # what the guild's interactions and 413 answers taught
    Column("settings", Text, nullable=False, server_default="{}"),
    CheckConstraint("upload_limit_bytes > 0", name="upload_limit_bytes"),
    _json_object("settings"),
    sqlite_strict=True,
)

user_settings = Table(
    "user_settings",
    metadata,
    Column("user_id", Whole, primary_key=True, autoincrement=False),
    Column("settings", Text, nullable=False, server_default="{}"),
    _json_object("settings"),
    sqlite_strict=True,
)

# Addresses of single files that need no login; of the secret in the address only its hash is here.
links = Table(
    "links",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("token_hash", Text, nullable=False),
    Column("file_id", Whole, ForeignKey("media_files.id", ondelete="CASCADE"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", Text, nullable=False, server_default=utc_now()),
    Column("expires_at", Text, nullable=False),
    *_flag("revoked"),
    Column("fetches", Integer, nullable=False, server_default=text("0")),
    *_not_negative("fetches"),
    *_times("created_at", "expires_at"),
    Index(None, "token_hash", unique=True),
    Index(None, "file_id"),
    sqlite_strict=True,
)

# Who is logged in at the web page; of the secret in the cookie only its hash is here.
web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", Whole),
    Column("name", Text, nullable=False),
    *_flag("is_owner"),
    Column("guilds", Text, nullable=False, server_default="[]"),
    Column("csrf", Text, nullable=False),
    Column("opened_by", Text),  # a mark of the admin token; null: Discord
    Column("created_at", Text, nullable=False, server_default=utc_now()),
    Column("expires_at", Text, nullable=False),
    *_times("created_at", "expires_at"),
    sqlite_strict=True,
)

# How those who asked are called at Discord; forgotten with the last of their rows. See core/members.py.
members = Table(
    "members",
    metadata,
    Column("user_id", Whole, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("seen_at", Text, nullable=False, server_default=utc_now()),
    CheckConstraint("length(name) BETWEEN 1 AND 100", name="name"),
    *_times("seen_at"),
    sqlite_strict=True,
)

# Figures over time, one row for each measure in each hour, day, or (`ever`) before the first day that is kept.
history = Table(
    "history",
    metadata,
    Column("span", Text, nullable=False, primary_key=True),
    Column("at", Text, nullable=False, primary_key=True),  # its beginning
    Column("measure", Text, nullable=False, primary_key=True),
    Column("guild_id", Whole, nullable=False, primary_key=True, autoincrement=False),  # 0: of none, or of all
    Column("site", Text, nullable=False, primary_key=True),  # empty: of none, or of all
    Column("detail", Text, nullable=False, primary_key=True),
    Column("number", Whole, nullable=False),  # how many were measured
    Column("total", Real, nullable=False),  # their sum: bytes, seconds ...
    Column("most", Real, nullable=False),  # the largest of them
    _one_of("span", ("hour", "day", "ever")),
    *_times("at"),
    sqlite_strict=True,
)

# Sites that fail for everybody are left alone for a while (a circuit breaker); see core/site_health.py.
site_health = Table(
    "site_health",
    metadata,
    Column("site", Text, primary_key=True),
    Column("state", Text, nullable=False, server_default="closed"),  # closed: all is well
    Column("reason", Text),  # what members read while it is not closed
    Column("probe_at", Text),  # when one download may try again
    Column("probe_id", Whole),  # the download that tries
    Column("openings", Integer, nullable=False, server_default=text("0")),  # in a row, without a success between them
    Column("changed_at", Text, nullable=False, server_default=utc_now()),
    Column("last_success_at", Text),
    Column("last_failure_at", Text),
    Column("last_error", Text),  # the class of the newest failure that was the site's
    _one_of("state", ("closed", "open", "half-open")),
    *_not_negative("openings"),
    *_times("probe_at", "changed_at", "last_success_at", "last_failure_at"),
    sqlite_strict=True,
)

alerts = Table(
    "alerts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sentence", Text, nullable=False),
    Column("began_at", Text, nullable=False, server_default=utc_now()),
    Column("ended_at", Text),
    Column("told_at", Text),  # that it began
    Column("told_end_at", Text),  # that it is over
    *_times("began_at", "ended_at", "told_at", "told_end_at"),
    sqlite_strict=True,
)
