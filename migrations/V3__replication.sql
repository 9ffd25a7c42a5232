-- Copies between regions, the audit, lanes of jobs.
-- The same rules as in V1: one text for both databases, times in Unix milliseconds.

-- jobs of one lane never wait for those of another
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT 'main';
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (lane, run_at, job_id) WHERE state = 'QUEUED';

-- who did what, from where, and how it ended; rows are only added.
-- detail: JSON
CREATE TABLE audit (
    event_id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    request_id TEXT,
    project_id TEXT,
    user_id TEXT,
    user_name TEXT,
    access_key TEXT,
    address TEXT,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, event_id);
CREATE INDEX audit_by_resource ON audit (resource, at, event_id);

-- keys that this region shares with another one, its peer.
-- secret: sealed under the master key
CREATE TABLE replication_keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    peer TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

-- how many tickets were encrypted under a key, over shards as the counters of V1
CREATE TABLE replication_key_uses (
    key_id TEXT NOT NULL REFERENCES replication_keys (key_id),
    shard BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (key_id, shard)
);

-- one version of an asset as tickets name it: the text whose digest is in them
CREATE TABLE manifests (
    asset_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (asset_id, version)
);

-- tickets issued here. used_at: when the peer last came with it; the columns from state on are
-- what the peer has told of its copy
CREATE TABLE tickets (
    ticket_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    asset_name TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    key_id TEXT NOT NULL,
    peer TEXT NOT NULL,
    to_project TEXT,
    issued_by TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    bytes_done BIGINT NOT NULL,
    bytes_total BIGINT NOT NULL,
    bytes_held BIGINT NOT NULL,
    rate BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    error_code TEXT,
    error TEXT,
    next_try_at BIGINT,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX tickets_by_asset ON tickets (asset_id, issued_at, ticket_id);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);

-- copies that come here, by the ticket that brings them. stalled: attempts since the last byte.
-- local_version: the version of the asset here after the copy was applied. manifest: of a copy
-- whose bytes come by hand. revision grows with every change that the source region is told of
CREATE TABLE copies (
    copy_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    asset_name TEXT NOT NULL,
    peer TEXT NOT NULL,
    key_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    by_hand BOOLEAN NOT NULL,
    is_update BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    manifest TEXT,
    bytes_done BIGINT NOT NULL,
    bytes_total BIGINT NOT NULL,
    bytes_held BIGINT NOT NULL,
    rate BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    stalled BIGINT NOT NULL,
    error_code TEXT,
    error TEXT,
    next_try_at BIGINT,
    local_version BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT,
    revision BIGINT NOT NULL,
    reported BIGINT NOT NULL
);
CREATE INDEX copies_by_asset ON copies (asset_id, created_at, copy_id);
CREATE INDEX copies_by_project ON copies (project_id, copy_id);
CREATE UNIQUE INDEX copies_one_under_way ON copies (asset_id)
    WHERE state IN ('WAITING', 'COPYING');
CREATE INDEX copies_unreported ON copies (updated_at) WHERE reported < revision;
CREATE INDEX copies_ended ON copies (finished_at) WHERE finished_at IS NOT NULL;

-- bytes of files that a copy has so far, under storage keys of their own; they may overlap
CREATE TABLE copy_segments (
    storage_key TEXT NOT NULL PRIMARY KEY,
    copy_id TEXT NOT NULL REFERENCES copies (copy_id),
    file_id TEXT NOT NULL,
    start_at BIGINT NOT NULL,
    size BIGINT NOT NULL
);
CREATE INDEX copy_segments_of ON copy_segments (copy_id, file_id, start_at);

-- requests of peers that were seen, so that none is taken twice; only where several processes
-- share the database
CREATE TABLE peer_nonces (
    nonce TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX peer_nonces_by_expiry ON peer_nonces (expires_at);
