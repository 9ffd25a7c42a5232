-- Asset packages: instances with their applications and tasks, export, download once, import.
-- The same rules as in V1: one text for both databases, times in Unix milliseconds.

CREATE TABLE instances (
    instance_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (project_id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

-- secret: sealed under the master key
CREATE TABLE apps (
    app_id TEXT NOT NULL PRIMARY KEY,
    instance_id TEXT NOT NULL REFERENCES instances (instance_id),
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    remark TEXT NOT NULL,
    app_key TEXT NOT NULL,
    secret TEXT NOT NULL,
    favorite BOOLEAN NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (user_id),
    updated_by TEXT NOT NULL REFERENCES users (user_id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (instance_id, name),
    UNIQUE (instance_id, app_key)
);
-- the order of the list: favourites first
CREATE INDEX apps_in_order ON apps (instance_id, favorite DESC, created_at, app_id);

-- the digital assets that an application groups
CREATE TABLE app_assets (
    app_id TEXT NOT NULL REFERENCES apps (app_id),
    asset_id TEXT NOT NULL,
    attached_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, asset_id)
);
CREATE INDEX app_assets_by_asset ON app_assets (asset_id);

-- detail: the definition, a JSON text that only its author understands
CREATE TABLE tasks (
    task_id TEXT NOT NULL PRIMARY KEY,
    instance_id TEXT NOT NULL REFERENCES instances (instance_id),
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    task_type TEXT NOT NULL,
    description TEXT,
    tag TEXT,
    source_datasource_id TEXT NOT NULL,
    target_datasource_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (instance_id, name)
);
CREATE INDEX tasks_by_create_time ON tasks (instance_id, created_at, task_id);

-- an export, import or delete as its caller sees it; a row of jobs with the same id as subject
-- does the work. reasons: JSON
CREATE TABLE asset_jobs (
    job_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    instance_id TEXT NOT NULL REFERENCES instances (instance_id),
    user_id TEXT NOT NULL,
    job_type TEXT NOT NULL,
    status TEXT NOT NULL,
    reasons TEXT NOT NULL,
    archive_id TEXT,
    begin_at BIGINT NOT NULL,
    end_at BIGINT
);
CREATE UNIQUE INDEX asset_jobs_one_a_user ON asset_jobs (user_id) WHERE status = 'RUNNING';
CREATE INDEX asset_jobs_ended ON asset_jobs (end_at) WHERE end_at IS NOT NULL;

-- a package to be downloaded once; the row stays as the record of who got it.
-- layout_key: the stored object with all that is not users' bytes and the table of pieces, which
-- begins at table_at. delivery numbers the downloads; the one that runs may send until
-- delivery_until. covered: so many bytes from the beginning have been sent to the holder
CREATE TABLE archives (
    archive_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    instance_id TEXT NOT NULL REFERENCES instances (instance_id),
    job_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    file_name TEXT NOT NULL,
    size BIGINT NOT NULL,
    digest TEXT NOT NULL,
    entry_count BIGINT NOT NULL,
    layout_key TEXT UNIQUE,
    table_at BIGINT NOT NULL,
    piece_count BIGINT NOT NULL,
    directory_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    holder_id TEXT,
    holder_name TEXT,
    holder_address TEXT,
    receipt_required BOOLEAN NOT NULL,
    leased_at BIGINT,
    lease_until BIGINT,
    delivery BIGINT NOT NULL,
    delivery_until BIGINT,
    delivery_from BIGINT NOT NULL,
    delivery_to BIGINT NOT NULL,
    covered BIGINT NOT NULL,
    sent_bytes BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX archives_unused ON archives (expires_at) WHERE state = 'READY';
CREATE INDEX archives_leased ON archives (lease_until) WHERE state = 'LEASED';

-- looked at before anything of an archive is sent
CREATE INDEX assets_blocked ON assets (project_id, asset_id) WHERE state = 'BLOCK';

-- bytes that an archive will send are not removed, whatever happens to the files
CREATE TABLE archive_pins (
    archive_id TEXT NOT NULL REFERENCES archives (archive_id),
    blob_id TEXT NOT NULL REFERENCES blobs (blob_id),
    PRIMARY KEY (blob_id, archive_id)
);
CREATE INDEX archive_pins_of ON archive_pins (archive_id);

-- a package on its way in. It is taken apart as it arrives: received counts the bytes up to the
-- end of the last entry that is stored, where a cut upload goes on. writer numbers the
-- connections that send it: only the latest one may add entries. resumable: made by a call of its
-- own, and kept when a connection is cut. size is NULL where it was not announced
CREATE TABLE package_uploads (
    upload_id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    instance_id TEXT NOT NULL REFERENCES instances (instance_id),
    user_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    resumable BOOLEAN NOT NULL,
    size BIGINT,
    received BIGINT NOT NULL,
    writer BIGINT NOT NULL,
    state TEXT NOT NULL,
    job_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX package_uploads_idle ON package_uploads (updated_at);

-- an entry of it, under a storage key of its own, or in a blob that the library had already; a
-- folder has neither, and a slash at its path's end.
-- mark: what the entry is known again by in the directory at the archive's end
CREATE TABLE package_entries (
    upload_id TEXT NOT NULL REFERENCES package_uploads (upload_id),
    seq BIGINT NOT NULL,
    path TEXT NOT NULL,
    mark TEXT NOT NULL,
    end_at BIGINT NOT NULL,
    storage_key TEXT UNIQUE,
    blob_id TEXT REFERENCES blobs (blob_id),
    size BIGINT NOT NULL,
    md5 TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    crc32 BIGINT NOT NULL,
    PRIMARY KEY (upload_id, seq),
    UNIQUE (upload_id, path)
);
CREATE INDEX package_entries_by_blob ON package_entries (blob_id) WHERE blob_id IS NOT NULL;

-- what became of each item of an import: kind is application, task, asset or file. seq numbers the
-- items in the package's order, which is the order they are applied in: an attempt goes on after
-- the last one
CREATE TABLE import_items (
    job_id TEXT NOT NULL REFERENCES asset_jobs (job_id),
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    old_id TEXT NOT NULL,
    new_id TEXT,
    name TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
);
CREATE INDEX import_items_of_assets ON import_items (job_id, new_id) WHERE kind = 'asset';
