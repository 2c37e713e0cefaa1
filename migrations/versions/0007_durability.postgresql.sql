CREATE TABLE database_identity (
    id INTEGER NOT NULL CONSTRAINT ck_database_identity_id CHECK (id = 1),
    name TEXT NOT NULL,
    beats BIGINT DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT ck_database_identity_beats CHECK (beats >= 0)
);

INSERT INTO database_identity (id, name) VALUES (1, md5(random()::text || clock_timestamp()::text));

ALTER TABLE downloads ADD COLUMN room_needed BIGINT CONSTRAINT ck_downloads_room_needed CHECK (room_needed >= 0)
