-- The first schema: the work graph, its sessions and the stream of events.
--
-- Statuses `ready` and the derived `blocked` are never stored (they follow from the facts; see graph/rules.py): a stored
-- task status is one of the others, `blocked` only when somebody set it. Times are UTC RFC 3339 text with microseconds
-- and `Z`, so text order is time order. JSON is TEXT. Booleans are 0 or 1. The part of SQL that PostgreSQL shares is
-- used where it can be; full text search is the exception.

CREATE TABLE projects (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    path       TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
);

-- `key` is the row number that the search index refers to: declared, so that VACUUM leaves it alone.
CREATE TABLE nodes (
    key            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    project_id     TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    node_type      TEXT NOT NULL CHECK (node_type IN
                   ('goal', 'task', 'decision', 'option', 'outcome', 'observation', 'revisit')),
    title          TEXT NOT NULL,
    description    TEXT NOT NULL DEFAULT '',
    status         TEXT NOT NULL,
    priority       TEXT,
    assigned_to    TEXT,
    created_by     TEXT,
    labels         TEXT NOT NULL DEFAULT '[]',
    created_at     TEXT NOT NULL,
    started_at     TEXT,
    completed_at   TEXT,
    blocked_reason TEXT,
    details        TEXT NOT NULL DEFAULT '{}',
    metadata       TEXT NOT NULL DEFAULT '{}',
    -- Nodes go with their project only. No cascade: SQLite limits its depth, and a tree may be deeper.
    parent_id      TEXT REFERENCES nodes (id) DEFERRABLE INITIALLY DEFERRED,
    child_seq      INTEGER NOT NULL DEFAULT 0,
    -- How many attempts a task has used up: typed, so that two writers never lose one.
    attempts       INTEGER NOT NULL DEFAULT 0,
    -- What the rules ask of a task's details, without parsing JSON for each task.
    complexity     TEXT GENERATED ALWAYS AS (json_extract(details, '$.complexity')) STORED,
    has_checks     INTEGER GENERATED ALWAYS AS (coalesce(json_array_length(details, '$.checks'), 0) > 0) STORED,
    CHECK (status IN ('pending', 'claimed', 'in_progress', 'review', 'completed', 'blocked', 'failed', 'cancelled',
                      'active', 'decided', 'superseded', 'chosen', 'rejected', 'abandoned'))
);
CREATE INDEX nodes_by_project ON nodes (project_id, node_type, status);
CREATE INDEX nodes_by_parent ON nodes (parent_id);

-- A child id is counted by its parent in the statement that inserts the child; explicit ids raise the count too.
CREATE TRIGGER nodes_count_children AFTER INSERT ON nodes WHEN NEW.parent_id IS NOT NULL
BEGIN
    UPDATE nodes
    SET child_seq = max(child_seq, CAST(substr(NEW.id, length(NEW.parent_id) + 2) AS INTEGER))
    WHERE id = NEW.parent_id AND substr(NEW.id, 1, length(NEW.parent_id) + 1) = NEW.parent_id || '.';
END;

CREATE TABLE edges (
    id         TEXT PRIMARY KEY,
    edge_type  TEXT NOT NULL CHECK (edge_type IN
               ('contains', 'depends_on', 'leads_to', 'chosen', 'rejected', 'supersedes', 'informs')),
    from_id    TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    to_id      TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    label      TEXT,
    created_at TEXT NOT NULL,
    -- In this order: an index that began with the type would be taken where the other end is what is known.
    UNIQUE (from_id, edge_type, to_id),
    CHECK (from_id <> to_id)
);
CREATE INDEX edges_by_to ON edges (to_id, edge_type, from_id);

-- At most one claim per task. Tokens grow for ever (fencing): a row of `claim_tokens` is never used twice.
CREATE TABLE claim_tokens (
    token INTEGER PRIMARY KEY AUTOINCREMENT
);
CREATE TABLE claims (
    task_id      TEXT PRIMARY KEY REFERENCES nodes (id) ON DELETE CASCADE,
    token        INTEGER,
    agent        TEXT NOT NULL,
    session_id   TEXT,
    iteration_id TEXT,
    claimed_at   TEXT NOT NULL,
    -- A claim by hand has no token, no lease and no process.
    lease_until  TEXT,
    host         TEXT,
    boot         TEXT,
    pid          INTEGER,
    started      TEXT
);

CREATE TABLE sessions (
    key           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    project_id    TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    goal_id       TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    kind          TEXT NOT NULL CHECK (kind IN ('plan', 'ralph')),
    started_at    TEXT NOT NULL,
    ended_at      TEXT,
    handoff_notes TEXT,
    agent_ids     TEXT NOT NULL DEFAULT '[]',
    summary       TEXT,
    stop_reason   TEXT,
    spending      TEXT NOT NULL DEFAULT '{}',
    host          TEXT,
    boot          TEXT,
    pid           INTEGER,
    started       TEXT
);
CREATE INDEX sessions_by_goal ON sessions (goal_id, started_at);

CREATE TABLE iterations (
    id             TEXT PRIMARY KEY,
    session_id     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    task_id        TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    attempt        INTEGER NOT NULL,
    token          INTEGER NOT NULL,
    base_commit    TEXT NOT NULL,
    started_at     TEXT NOT NULL,
    ended_at       TEXT,
    ending         TEXT,
    ending_message TEXT NOT NULL DEFAULT '',
    verdict        TEXT,
    decision       TEXT,
    reasons        TEXT NOT NULL DEFAULT '[]',
    commit_id      TEXT,
    diff           TEXT NOT NULL DEFAULT '',
    fingerprint    TEXT,
    steps          INTEGER NOT NULL DEFAULT 0,
    spending       TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX iterations_by_task ON iterations (task_id, started_at);
CREATE INDEX iterations_by_session ON iterations (session_id, started_at);

-- The transcript. A conversation belongs to an iteration, or to a plan session (owner is its id).
CREATE TABLE steps (
    owner_id   TEXT NOT NULL,
    step       INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at   TEXT,
    spending   TEXT NOT NULL DEFAULT '{}',
    sections   TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (owner_id, step)
);
CREATE TABLE messages (
    owner_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    role     TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    content  TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (owner_id, position)
);

CREATE TABLE check_runs (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id    TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    session_id    TEXT,
    iteration_id  TEXT,
    owner_id      TEXT REFERENCES nodes (id) ON DELETE CASCADE,
    phase         TEXT NOT NULL CHECK (phase IN ('plan', 'base', 'attempt', 'proof')),
    command       TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('passed', 'failed', 'inconclusive')),
    exit_code     INTEGER,
    seconds       REAL NOT NULL,
    output        TEXT NOT NULL,
    flaky         INTEGER NOT NULL DEFAULT 0,
    failing_tests TEXT NOT NULL DEFAULT '[]',
    at            TEXT NOT NULL
);
CREATE INDEX check_runs_by_owner ON check_runs (owner_id, command, status);
CREATE INDEX check_runs_by_iteration ON check_runs (iteration_id);

CREATE TABLE approvals (
    id          TEXT PRIMARY KEY,
    project_id  TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    node_id     TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    question    TEXT NOT NULL,
    payload     TEXT NOT NULL DEFAULT '{}',
    asked_at    TEXT NOT NULL,
    answered_at TEXT,
    answer      TEXT CHECK (answer IN ('approved', 'rejected')),
    reason      TEXT
);
CREATE INDEX approvals_by_node ON approvals (node_id);
CREATE INDEX approvals_open ON approvals (project_id) WHERE answered_at IS NULL;

CREATE TABLE events (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    at           TEXT NOT NULL,
    kind         TEXT NOT NULL,
    project_id   TEXT,
    session_id   TEXT,
    iteration_id TEXT,
    node_id      TEXT,
    payload      TEXT NOT NULL DEFAULT '{}'
);

CREATE INDEX events_by_node ON events (node_id);

-- The draft of a plan, until it is accepted or rejected.
CREATE TABLE plan_drafts (
    goal_id TEXT PRIMARY KEY REFERENCES nodes (id) ON DELETE CASCADE,
    draft   TEXT NOT NULL,
    at      TEXT NOT NULL
);

-- Full text over titles, descriptions and handoff notes. The indexes hold no copy of the text: they read it from the
-- tables by `key`. Kept by triggers, and only when the text itself changes; what leaves an index must be told as it was.
CREATE VIRTUAL TABLE node_search USING fts5 (
    title, description, content = 'nodes', content_rowid = 'key', tokenize = 'unicode61'
);
CREATE TRIGGER node_search_insert AFTER INSERT ON nodes
BEGIN
    INSERT INTO node_search (rowid, title, description) VALUES (NEW.key, NEW.title, NEW.description);
END;
CREATE TRIGGER node_search_update AFTER UPDATE OF title, description ON nodes
    WHEN OLD.title IS NOT NEW.title OR OLD.description IS NOT NEW.description
BEGIN
    INSERT INTO node_search (node_search, rowid, title, description)
    VALUES ('delete', OLD.key, OLD.title, OLD.description);
    INSERT INTO node_search (rowid, title, description) VALUES (NEW.key, NEW.title, NEW.description);
END;
CREATE TRIGGER node_search_delete AFTER DELETE ON nodes
BEGIN
    INSERT INTO node_search (node_search, rowid, title, description)
    VALUES ('delete', OLD.key, OLD.title, OLD.description);
END;

CREATE VIRTUAL TABLE notes_search USING fts5 (
    handoff_notes, content = 'sessions', content_rowid = 'key', tokenize = 'unicode61'
);
CREATE TRIGGER notes_search_insert AFTER INSERT ON sessions WHEN NEW.handoff_notes IS NOT NULL
BEGIN
    INSERT INTO notes_search (rowid, handoff_notes) VALUES (NEW.key, NEW.handoff_notes);
END;
CREATE TRIGGER notes_search_update AFTER UPDATE OF handoff_notes ON sessions
    WHEN OLD.handoff_notes IS NOT NEW.handoff_notes
BEGIN
    INSERT INTO notes_search (notes_search, rowid, handoff_notes)
    SELECT 'delete', OLD.key, OLD.handoff_notes WHERE OLD.handoff_notes IS NOT NULL;
    INSERT INTO notes_search (rowid, handoff_notes)
    SELECT NEW.key, NEW.handoff_notes WHERE NEW.handoff_notes IS NOT NULL;
END;
CREATE TRIGGER notes_search_delete AFTER DELETE ON sessions WHEN OLD.handoff_notes IS NOT NULL
BEGIN
    INSERT INTO notes_search (notes_search, rowid, handoff_notes) VALUES ('delete', OLD.key, OLD.handoff_notes);
END;
