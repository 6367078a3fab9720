-- Interchange: nodes are known by a uid wherever they go, and files of the graph by what was seen of them.
--
-- An id is counted by a parent in one database, so two people may give the same id to two nodes; a uid tells them apart.
-- It is random, and filled here where an insert names none: old programs' rows and every way in have one.
ALTER TABLE nodes ADD COLUMN uid TEXT;
UPDATE nodes SET uid = lower(hex(randomblob(16)));
CREATE UNIQUE INDEX nodes_by_uid ON nodes (uid);
CREATE TRIGGER nodes_uid AFTER INSERT ON nodes WHEN NEW.uid IS NULL
BEGIN
    UPDATE nodes SET uid = lower(hex(randomblob(16))) WHERE key = NEW.key;
END;

-- Files whose content went into the database or came out of it, by digest: such a file may be replaced without loss.
-- `goal_id` is '' for the file of the nodes outside every goal. One row per content, the newest time counts.
CREATE TABLE graph_files (
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    goal_id    TEXT NOT NULL,
    digest     TEXT NOT NULL,
    at         TEXT NOT NULL,
    PRIMARY KEY (project_id, goal_id, digest)
);

-- What the file that a goal came from called its project, so that every clone writes the same name.
CREATE TABLE graph_file_names (
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    goal_id    TEXT NOT NULL,
    name       TEXT NOT NULL,
    PRIMARY KEY (project_id, goal_id)
);

-- Up to which event the files of a project were brought up to date; without a row they never were.
CREATE TABLE graph_file_marks (
    project_id TEXT PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL
);

-- How files call the nodes that have another id here, see graph/shared_ids.py.
CREATE TABLE graph_file_ids (
    node_id   TEXT PRIMARY KEY REFERENCES nodes (id) ON DELETE CASCADE,
    shared_id TEXT NOT NULL
);

-- The numbers by which files know the decisions that have another one here.
CREATE TABLE graph_file_numbers (
    node_id TEXT PRIMARY KEY REFERENCES nodes (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL
);
