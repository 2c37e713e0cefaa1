CREATE TABLE downloads (
    id BIGSERIAL NOT NULL,
    parent_id BIGINT,
    url TEXT NOT NULL,
    url_type TEXT DEFAULT 'unknown' NOT NULL,
    status TEXT DEFAULT 'pending' NOT NULL,
    cancelled INTEGER DEFAULT 0 NOT NULL,
    paused INTEGER DEFAULT 0 NOT NULL,
    priority INTEGER DEFAULT 0 NOT NULL,
    available_at TEXT,
    upload INTEGER DEFAULT 1 NOT NULL,
    user_id BIGINT,
    guild_id BIGINT,
    channel_id BIGINT,
    progress_message_id BIGINT,
    progress_message_status TEXT,
    destination TEXT DEFAULT 'folder' NOT NULL,
    upload_limit_bytes BIGINT,
    options TEXT DEFAULT '{}' NOT NULL,
    title TEXT,
    extractor TEXT,
    file_path TEXT,
    file_size BIGINT,
    progress DOUBLE PRECISION DEFAULT 0 NOT NULL,
    downloaded_bytes BIGINT DEFAULT 0 NOT NULL,
    download_speed BIGINT DEFAULT 0 NOT NULL,
    eta_seconds BIGINT,
    activity TEXT,
    claimed_by TEXT,
    epoch INTEGER DEFAULT 0 NOT NULL,
    heartbeat_at TEXT,
    attempts INTEGER DEFAULT 0 NOT NULL,
    error_kind TEXT,
    error TEXT,
    failed_stage TEXT,
    added_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    started_at TEXT,
    downloaded_at TEXT,
    finished_at TEXT,
    PRIMARY KEY (id),
    CONSTRAINT ck_downloads_cancelled CHECK (cancelled IN (0, 1)),
    CONSTRAINT ck_downloads_paused CHECK (paused IN (0, 1)),
    CONSTRAINT ck_downloads_upload CHECK (upload IN (0, 1)),
    CONSTRAINT ck_downloads_url CHECK (length(url) BETWEEN 1 AND 8192),
    CONSTRAINT ck_downloads_url_type CHECK (url_type IN ('torrent', 'direct', 'ytdlp', 'gallerydl', 'playwright', 'unknown')),
    CONSTRAINT ck_downloads_status CHECK (status IN ('pending', 'extracting', 'downloading', 'downloaded', 'uploading', 'uploaded', 'failed', 'cancelled')),
    CONSTRAINT ck_downloads_priority CHECK (priority BETWEEN -1 AND 1),
    CONSTRAINT ck_downloads_progress_message_status CHECK (progress_message_status IN ('pending', 'extracting', 'downloading', 'downloaded', 'uploading', 'uploaded', 'failed', 'cancelled')),
    CONSTRAINT ck_downloads_destination CHECK (destination IN ('discord', 'folder')),
    CONSTRAINT ck_downloads_upload_limit_bytes CHECK (upload_limit_bytes > 0),
    CONSTRAINT ck_downloads_discord_needs_channel CHECK (destination <> 'discord' OR channel_id IS NOT NULL),
    CONSTRAINT ck_downloads_options CHECK (jsonb_typeof(options::jsonb) = 'object'),
    CONSTRAINT ck_downloads_progress CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT ck_downloads_file_size CHECK (file_size >= 0),
    CONSTRAINT ck_downloads_downloaded_bytes CHECK (downloaded_bytes >= 0),
    CONSTRAINT ck_downloads_download_speed CHECK (download_speed >= 0),
    CONSTRAINT ck_downloads_eta_seconds CHECK (eta_seconds >= 0),
    CONSTRAINT ck_downloads_epoch CHECK (epoch >= 0),
    CONSTRAINT ck_downloads_attempts CHECK (attempts >= 0),
    CONSTRAINT ck_downloads_failed_stage CHECK (failed_stage IN ('download', 'upload')),
    CONSTRAINT ck_downloads_available_at CHECK (to_char(available_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = available_at),
    CONSTRAINT ck_downloads_heartbeat_at CHECK (to_char(heartbeat_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = heartbeat_at),
    CONSTRAINT ck_downloads_added_at CHECK (to_char(added_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = added_at),
    CONSTRAINT ck_downloads_started_at CHECK (to_char(started_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = started_at),
    CONSTRAINT ck_downloads_downloaded_at CHECK (to_char(downloaded_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = downloaded_at),
    CONSTRAINT ck_downloads_finished_at CHECK (to_char(finished_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = finished_at),
    FOREIGN KEY(parent_id) REFERENCES downloads (id) ON DELETE SET NULL
);

CREATE INDEX ix_downloads_claimed_by ON downloads (claimed_by);

CREATE INDEX ix_downloads_guild_id_user_id ON downloads (guild_id, user_id);

CREATE INDEX ix_downloads_parent_id ON downloads (parent_id);

CREATE INDEX ix_downloads_status_priority_added_at ON downloads (status, priority, added_at);

CREATE TABLE events (
    id BIGSERIAL NOT NULL,
    download_id BIGINT NOT NULL,
    at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    actor TEXT NOT NULL,
    epoch INTEGER,
    moved_to TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (id),
    CONSTRAINT ck_events_moved_to CHECK (moved_to IN ('pending', 'extracting', 'downloading', 'downloaded', 'uploading', 'uploaded', 'failed', 'cancelled')),
    CONSTRAINT ck_events_at CHECK (to_char(at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = at)
);

CREATE INDEX ix_events_download_id ON events (download_id);

CREATE TABLE guild_settings (
    guild_id BIGINT NOT NULL,
    upload_limit_bytes BIGINT,
    settings TEXT DEFAULT '{}' NOT NULL,
    PRIMARY KEY (guild_id),
    CONSTRAINT ck_guild_settings_upload_limit_bytes CHECK (upload_limit_bytes > 0),
    CONSTRAINT ck_guild_settings_settings CHECK (jsonb_typeof(settings::jsonb) = 'object')
);

CREATE TABLE runners (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    heartbeat_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    PRIMARY KEY (name),
    CONSTRAINT ck_runners_kind CHECK (kind IN ('bot', 'download', 'upload')),
    CONSTRAINT ck_runners_started_at CHECK (to_char(started_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = started_at),
    CONSTRAINT ck_runners_heartbeat_at CHECK (to_char(heartbeat_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = heartbeat_at)
);

CREATE TABLE user_settings (
    user_id BIGINT NOT NULL,
    settings TEXT DEFAULT '{}' NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT ck_user_settings_settings CHECK (jsonb_typeof(settings::jsonb) = 'object')
);

CREATE TABLE media_files (
    id BIGSERIAL NOT NULL,
    download_id BIGINT NOT NULL,
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    mime_type TEXT,
    bytes BIGINT NOT NULL,
    sha256 TEXT,
    duration_seconds DOUBLE PRECISION,
    width INTEGER,
    height INTEGER,
    delivered_url TEXT,
    delivered_message_id BIGINT,
    nonce TEXT,
    source_url TEXT,
    PRIMARY KEY (id),
    CONSTRAINT ck_media_files_kind CHECK (kind IN ('video', 'audio', 'image', 'document')),
    CONSTRAINT ck_media_files_position CHECK (position >= 0),
    CONSTRAINT ck_media_files_bytes CHECK (bytes >= 0),
    CONSTRAINT ck_media_files_duration_seconds CHECK (duration_seconds >= 0),
    CONSTRAINT ck_media_files_width CHECK (width >= 0),
    CONSTRAINT ck_media_files_height CHECK (height >= 0),
    FOREIGN KEY(download_id) REFERENCES downloads (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX ix_media_files_download_id_position ON media_files (download_id, position)
