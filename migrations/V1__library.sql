-- The library: who calls, assets, files, blobs and jobs.
-- One text for SQLite and PostgreSQL: TEXT, BIGINT, BOOLEAN only; times are Unix milliseconds;
-- JSON stands in TEXT columns and is never queried (what is filtered has rows of its own).

CREATE TABLE domains (
    domain_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE projects (
    project_id TEXT NOT NULL PRIMARY KEY,
    domain_id TEXT NOT NULL REFERENCES domains (domain_id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (domain_id, name)
);

CREATE TABLE users (
    user_id TEXT NOT NULL PRIMARY KEY,
    domain_id TEXT NOT NULL REFERENCES domains (domain_id),
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_owner BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (domain_id, name)
);

-- secret: sealed under the master key
CREATE TABLE access_keys (
    access_key TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (user_id),
    secret TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- a token is kept as its SHA-256 only
CREATE TABLE tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (user_id),
    project_id TEXT,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tokens_expiry ON tokens (expires_at);

-- tags, properties, services, extra_meta: JSON, to answer with; the rows to filter by are in
-- asset_attributes
CREATE TABLE assets (
    asset_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (project_id),
    version BIGINT NOT NULL,
    url_epoch BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT,
    asset_type TEXT NOT NULL,
    state TEXT NOT NULL,
    state_before TEXT,
    app_user_id TEXT,
    asset_order BIGINT NOT NULL,
    needs_cover BOOLEAN NOT NULL,
    block_reason_code TEXT,
    reason TEXT,
    tags TEXT NOT NULL,
    properties TEXT NOT NULL,
    services TEXT NOT NULL,
    extra_meta TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
-- a list in any order reads only the rows of its page: all of a project …
CREATE INDEX assets_by_create_time ON assets (project_id, created_at, asset_id)
    WHERE state <> 'DELETED';
CREATE INDEX assets_by_update_time ON assets (project_id, updated_at, asset_id)
    WHERE state <> 'DELETED';
CREATE INDEX assets_by_order ON assets (project_id, asset_order, asset_id)
    WHERE state <> 'DELETED';
-- … or those of a kind (type and state); several kinds are merged
CREATE INDEX assets_of_kind_by_create_time
    ON assets (project_id, asset_type, state, created_at, asset_id);
CREATE INDEX assets_of_kind_by_update_time
    ON assets (project_id, asset_type, state, updated_at, asset_id);
CREATE INDEX assets_of_kind_by_order
    ON assets (project_id, asset_type, state, asset_order, asset_id);
-- a search inside names reads this index and nothing else
CREATE INDEX assets_by_name
    ON assets (project_id, name_folded, asset_id, created_at, updated_at, asset_order, state)
    WHERE state <> 'DELETED';
CREATE INDEX assets_by_app_user ON assets (project_id, app_user_id, created_at, asset_id)
    WHERE app_user_id IS NOT NULL AND state <> 'DELETED';
CREATE INDEX assets_bin ON assets (deleted_at) WHERE deleted_at IS NOT NULL;

-- how many assets a project has by type and state, so that counting never scans; the sum over
-- the shards counts, a single one may be negative
CREATE TABLE asset_counts (
    project_id TEXT NOT NULL,
    asset_type TEXT NOT NULL,
    state TEXT NOT NULL,
    shard BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (project_id, asset_type, state, shard)
);

-- what assets that are not DELETED are found by beside their columns:
-- name is tag, service, property:KEY or meta:FIELD.
-- updated_at and asset_order are the asset's, and kept for tags only
CREATE TABLE asset_attributes (
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    asset_order BIGINT,
    PRIMARY KEY (asset_id, name, value)
);
CREATE INDEX asset_attributes_by_create_time
    ON asset_attributes (project_id, name, value, created_at, asset_id);
CREATE INDEX asset_tags_by_update_time
    ON asset_attributes (project_id, name, value, updated_at, asset_id) WHERE name = 'tag';
CREATE INDEX asset_tags_by_order
    ON asset_attributes (project_id, name, value, asset_order, asset_id) WHERE name = 'tag';

-- every attribute of a project with the number of assets that have it, over shards as above
CREATE TABLE attribute_counts (
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    shard BIGINT NOT NULL,
    value_folded TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (project_id, name, value, shard)
);
CREATE INDEX attribute_counts_by_folded_tag
    ON attribute_counts (project_id, name, value_folded, value) WHERE name = 'tag';

-- stored bytes; hashes are NULL until a file sent in parts has been hashed
CREATE TABLE blobs (
    blob_id TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    size BIGINT NOT NULL,
    md5 TEXT,
    sha256 TEXT,
    crc32 BIGINT,
    created_at BIGINT NOT NULL,
    dying_at BIGINT
);
CREATE UNIQUE INDEX blobs_by_content ON blobs (sha256, size)
    WHERE state = 'LIVE' AND sha256 IS NOT NULL;
CREATE INDEX blobs_dying ON blobs (dying_at) WHERE state = 'DYING';

CREATE TABLE segments (
    storage_key TEXT NOT NULL PRIMARY KEY,
    blob_id TEXT NOT NULL REFERENCES blobs (blob_id),
    seq BIGINT NOT NULL,
    size BIGINT NOT NULL,
    UNIQUE (blob_id, seq)
);

-- part_count is NULL for a file sent by one PUT
CREATE TABLE files (
    file_id TEXT NOT NULL PRIMARY KEY,
    asset_id TEXT NOT NULL REFERENCES assets (asset_id),
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    file_type TEXT NOT NULL,
    category TEXT NOT NULL,
    state TEXT NOT NULL,
    declared_md5 TEXT,
    declared_size BIGINT,
    part_count BIGINT,
    blob_id TEXT REFERENCES blobs (blob_id),
    reason TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX files_by_asset ON files (asset_id, created_at, file_id);
-- what a summary shows of an asset's files: one look-up, and no other row of them is read
CREATE INDEX files_of_summary ON files (asset_id, file_id, category, file_type)
    WHERE state = 'CREATED' AND category IN ('MAIN', 'COVER');
CREATE INDEX files_by_blob ON files (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX files_unfinished ON files (updated_at) WHERE state = 'CREATING';
-- one MAIN and one COVER an asset; those that came to nothing do not count
CREATE UNIQUE INDEX files_one_main ON files (asset_id)
    WHERE category = 'MAIN' AND state IN ('CREATING', 'UPLOADED', 'CREATED');
CREATE UNIQUE INDEX files_one_cover ON files (asset_id)
    WHERE category = 'COVER' AND state IN ('CREATING', 'UPLOADED', 'CREATED');

CREATE TABLE file_parts (
    file_id TEXT NOT NULL REFERENCES files (file_id),
    part_number BIGINT NOT NULL,
    storage_key TEXT NOT NULL UNIQUE,
    size BIGINT NOT NULL,
    md5 TEXT NOT NULL,
    PRIMARY KEY (file_id, part_number)
);

CREATE TABLE jobs (
    job_id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    lease_until BIGINT,
    units_done BIGINT NOT NULL,
    units_total BIGINT NOT NULL,
    error_code TEXT,
    error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'QUEUED';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'RUNNING';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
-- one unfinished job of a kind for each subject
CREATE UNIQUE INDEX jobs_one ON jobs (kind, subject) WHERE state IN ('QUEUED', 'RUNNING');
