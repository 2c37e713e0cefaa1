CREATE TABLE links (
    id INTEGER NOT NULL,
    token_hash TEXT NOT NULL,
    file_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    created_at TEXT DEFAULT (datetime('now')) NOT NULL,
    expires_at TEXT NOT NULL,
    revoked INTEGER DEFAULT 0 NOT NULL,
    fetches INTEGER DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT ck_links_revoked CHECK (revoked IN (0, 1)),
    CONSTRAINT ck_links_fetches CHECK (fetches >= 0),
    CONSTRAINT ck_links_created_at CHECK (created_at IS datetime(created_at, '+0 days')),
    CONSTRAINT ck_links_expires_at CHECK (expires_at IS datetime(expires_at, '+0 days')),
    FOREIGN KEY(file_id) REFERENCES media_files (id) ON DELETE CASCADE
)
 STRICT;

CREATE INDEX ix_links_file_id ON links (file_id);

CREATE UNIQUE INDEX ix_links_token_hash ON links (token_hash);

CREATE TABLE web_sessions (
    token_hash TEXT NOT NULL,
    user_id INTEGER,
    name TEXT NOT NULL,
    is_owner INTEGER DEFAULT 0 NOT NULL,
    guilds TEXT DEFAULT '[]' NOT NULL,
    csrf TEXT NOT NULL,
    opened_by TEXT,
    created_at TEXT DEFAULT (datetime('now')) NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (token_hash),
    CONSTRAINT ck_web_sessions_is_owner CHECK (is_owner IN (0, 1)),
    CONSTRAINT ck_web_sessions_created_at CHECK (created_at IS datetime(created_at, '+0 days')),
    CONSTRAINT ck_web_sessions_expires_at CHECK (expires_at IS datetime(expires_at, '+0 days'))
)
 STRICT
