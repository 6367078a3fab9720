-- Everyday use: which model answered a step, questions that are answered in words, notes from the person, pauses.
--
-- The table of approvals is made anew because SQLite cannot change a CHECK: an answer may now be `answered`, with what
-- was said as its reason. Nothing refers to that table, so it can be replaced inside the migration's transaction.

ALTER TABLE steps ADD COLUMN model TEXT NOT NULL DEFAULT '';

CREATE TABLE approvals_2 (
    id          TEXT PRIMARY KEY,
    project_id  TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    node_id     TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    question    TEXT NOT NULL,
    payload     TEXT NOT NULL DEFAULT '{}',
    asked_at    TEXT NOT NULL,
    answered_at TEXT,
    answer      TEXT CHECK (answer IN ('approved', 'rejected', 'answered')),
    reason      TEXT
);
INSERT INTO approvals_2 SELECT id, project_id, node_id, kind, question, payload, asked_at, answered_at, answer, reason
FROM approvals;
DROP TABLE approvals;
ALTER TABLE approvals_2 RENAME TO approvals;
CREATE INDEX approvals_by_node ON approvals (node_id);
CREATE INDEX approvals_open ON approvals (project_id) WHERE answered_at IS NULL;

-- What a person says to the agents of a goal. `seq` grows, so that a running conversation knows what is new to it.
CREATE TABLE notes (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    goal_id TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    text    TEXT NOT NULL,
    at      TEXT NOT NULL
);
CREATE INDEX notes_by_goal ON notes (goal_id, seq);

-- A goal that stands here is paused: no model call and no claim is made for it.
CREATE TABLE pauses (
    goal_id TEXT PRIMARY KEY REFERENCES nodes (id) ON DELETE CASCADE,
    at      TEXT NOT NULL
);
