-- Users beside the owner: where they may call and what they may do; the audit by project; the vault.
-- The same rules as in V1: one text for both databases, times in Unix milliseconds.

ALTER TABLE projects ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN description TEXT NOT NULL DEFAULT '';
-- what is deleted keeps its row, because others refer to it, and gives up its name
ALTER TABLE projects ADD COLUMN deleted_at BIGINT;
ALTER TABLE users ADD COLUMN deleted_at BIGINT;

-- the projects that a user may call in; the owner has all of the domain
CREATE TABLE user_projects (
    user_id TEXT NOT NULL REFERENCES users (user_id),
    project_id TEXT NOT NULL REFERENCES projects (project_id),
    PRIMARY KEY (user_id, project_id)
);
CREATE INDEX user_projects_of_project ON user_projects (project_id);

-- description: of permanent keys. The columns from expires_at on are those of temporary ones:
-- security_token is a SHA-256, project_id the scope of the token they were made with,
-- session_policy (JSON) what they may do at most
ALTER TABLE access_keys ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE access_keys ADD COLUMN last_used_at BIGINT;
ALTER TABLE access_keys ADD COLUMN expires_at BIGINT;
ALTER TABLE access_keys ADD COLUMN security_token TEXT;
ALTER TABLE access_keys ADD COLUMN project_id TEXT;
ALTER TABLE access_keys ADD COLUMN session_policy TEXT;
CREATE INDEX access_keys_of_user ON access_keys (user_id, created_at);
CREATE INDEX access_keys_by_expiry ON access_keys (expires_at) WHERE expires_at IS NOT NULL;

-- how the caller proved who it was, words with a comma between
ALTER TABLE tokens ADD COLUMN methods TEXT NOT NULL DEFAULT 'password';
CREATE INDEX tokens_of_user ON tokens (user_id);

CREATE TABLE user_groups (
    group_id TEXT NOT NULL PRIMARY KEY,
    domain_id TEXT NOT NULL REFERENCES domains (domain_id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (domain_id, name)
);

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES user_groups (group_id),
    user_id TEXT NOT NULL REFERENCES users (user_id),
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_of_user ON group_members (user_id);

-- document: JSON. The built-in policies are in the program
CREATE TABLE policies (
    policy_id TEXT NOT NULL PRIMARY KEY,
    domain_id TEXT NOT NULL REFERENCES domains (domain_id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (domain_id, name)
);

-- holder_id: a user or a group. policy_id: of policies, or the name of a built-in one.
-- project_id: where it counts; empty for every project of the holder
CREATE TABLE attachments (
    holder_id TEXT NOT NULL,
    policy_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (holder_id, policy_id, project_id)
);
CREATE INDEX attachments_of_policy ON attachments (policy_id);

CREATE INDEX audit_by_project ON audit (project_id, at, event_id);

-- the keys that secrets are sealed under, each wrapped under a master key (or two, while one takes
-- over from the other). created_at: of the data key; wrapped_at: when this master key came to open it
CREATE TABLE vault_keys (
    key_id TEXT NOT NULL,
    master_id TEXT NOT NULL,
    wrapped TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    wrapped_at BIGINT NOT NULL,
    PRIMARY KEY (key_id, master_id)
);
