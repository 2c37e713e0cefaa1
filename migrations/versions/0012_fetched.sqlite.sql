ALTER TABLE downloads ADD COLUMN fetch_key TEXT;

ALTER TABLE downloads ADD COLUMN waits_for INTEGER;

CREATE INDEX ix_downloads_fetch_key ON downloads (fetch_key);

CREATE TABLE fetched (
    download_id INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    user_id INTEGER,
    guild_id INTEGER,
    at TEXT DEFAULT (datetime('now')) NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (download_id, epoch),
    CONSTRAINT ck_fetched_bytes CHECK (bytes >= 0),
    CONSTRAINT ck_fetched_at CHECK (at IS datetime(at, '+0 days'))
)
 STRICT;

CREATE INDEX ix_fetched_guild_id_at ON fetched (guild_id, at);

CREATE INDEX ix_fetched_user_id_at ON fetched (user_id, at);

INSERT INTO fetched (download_id, epoch, user_id, guild_id, at, bytes)
SELECT id, epoch, user_id, guild_id, started_at, downloaded_bytes FROM downloads
WHERE downloaded_bytes > 0 AND started_at > datetime('now', '-24 hours')
