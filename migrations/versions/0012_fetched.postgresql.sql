ALTER TABLE downloads ADD COLUMN fetch_key TEXT;

ALTER TABLE downloads ADD COLUMN waits_for BIGINT;

CREATE INDEX ix_downloads_fetch_key ON downloads (fetch_key);

CREATE TABLE fetched (
    download_id BIGINT NOT NULL,
    epoch INTEGER NOT NULL,
    user_id BIGINT,
    guild_id BIGINT,
    at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (download_id, epoch),
    CONSTRAINT ck_fetched_bytes CHECK (bytes >= 0),
    CONSTRAINT ck_fetched_at CHECK (to_char(at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = at)
);

CREATE INDEX ix_fetched_guild_id_at ON fetched (guild_id, at);

CREATE INDEX ix_fetched_user_id_at ON fetched (user_id, at);

INSERT INTO fetched (download_id, epoch, user_id, guild_id, at, bytes)
SELECT id, epoch, user_id, guild_id, started_at, downloaded_bytes FROM downloads
WHERE downloaded_bytes > 0 AND started_at > to_char((clock_timestamp() AT TIME ZONE 'UTC') - interval '24 hours', 'YYYY-MM-DD HH24:MI:SS')
