-- Media: thumbnails, and what else the server made of main files.
-- The same rules as in V1: one text for both databases, times in Unix milliseconds.

-- which thumbnail an asset shows; no part of its version: every region makes its own
ALTER TABLE assets ADD COLUMN preview_id TEXT;

-- what became of the thumbnail of a main file. storage_key: one stored object, the WebP form and
-- after it the JPEG form; NULL where there is no thumbnail, and error says why
CREATE TABLE previews (
    asset_id TEXT NOT NULL PRIMARY KEY REFERENCES assets (asset_id),
    preview_id TEXT NOT NULL,
    file_id TEXT NOT NULL,
    storage_key TEXT UNIQUE,
    webp_size BIGINT NOT NULL,
    jpeg_size BIGINT NOT NULL,
    error_code TEXT,
    error TEXT,
    made_at BIGINT NOT NULL
);

-- covers and pages that the server made, which it may replace. storage_key: the WebP form of a cover,
-- whose file is a JPEG
CREATE TABLE made_files (
    file_id TEXT NOT NULL PRIMARY KEY,
    asset_id TEXT NOT NULL,
    storage_key TEXT UNIQUE,
    webp_size BIGINT NOT NULL
);
CREATE INDEX made_files_of ON made_files (asset_id);
