-- What follows from the facts of the graph, kept beside them: which tasks are ready, what holds the others up, and the
-- order Next. Nothing here is a fact: the table can be dropped and worked out anew (graph/rules.py is the definition,
-- `ostinato doctor` compares). Triggers keep the counters, whoever writes to nodes and edges, and put into `unsettled`
-- whatever has to be looked at again; store/settling.py does that before every commit. While 0 stands there, no key of
-- a node, everything is to be worked out anew, so the triggers do nothing: for writing very many rows at once. See
-- docs/decisions/0016.

CREATE TABLE standings (
    key                INTEGER PRIMARY KEY REFERENCES nodes (key) ON DELETE CASCADE,
    project_id         TEXT NOT NULL,
    -- The topmost node above, the node itself where nothing is.
    root_key           INTEGER NOT NULL,
    -- Counters, by trigger.
    open_prerequisites INTEGER NOT NULL DEFAULT 0,
    open_children      INTEGER NOT NULL DEFAULT 0,
    open_dependents    INTEGER NOT NULL DEFAULT 0,
    -- Whether the node or an ancestor has an open prerequisite, or an ancestor is blocked, failed or cancelled.
    held               INTEGER NOT NULL DEFAULT 0,
    ready              INTEGER NOT NULL DEFAULT 0,
    -- The nearest blocked or failed task that the node waits for, and how far away; then the same for what is below it.
    blocker            INTEGER,
    distance           INTEGER,
    gate_blocker       INTEGER,
    gate_distance      INTEGER,
    -- The order Next: ranks of priority and complexity, and an id whose text order is the natural one.
    urgency            INTEGER NOT NULL,
    size               INTEGER NOT NULL,
    created_at         TEXT NOT NULL,
    sort_id            TEXT NOT NULL DEFAULT ''
);
CREATE TABLE unsettled (key INTEGER PRIMARY KEY);
INSERT INTO unsettled VALUES (0);

-- Whether a parent has an open child is asked with every task that is finished.
DROP INDEX nodes_by_parent;
CREATE INDEX nodes_by_parent ON nodes (parent_id, node_type, status);

CREATE INDEX standings_next
ON standings (project_id, urgency, open_dependents DESC, size, created_at, sort_id) WHERE ready = 1;
CREATE INDEX standings_next_below
ON standings (root_key, urgency, open_dependents DESC, size, created_at, sort_id) WHERE ready = 1;
CREATE INDEX standings_hindered ON standings (project_id)
WHERE blocker IS NOT NULL OR gate_blocker IS NOT NULL;

-- Nodes as they are spoken of: `spoken_status` and `spoken_reason` are the derived ones for a stored pending task.
CREATE VIEW spoken AS
SELECT nodes.*,
       CASE WHEN nodes.node_type = 'task' AND nodes.status = 'pending'
            THEN CASE WHEN standings.blocker IS NOT NULL THEN 'blocked' WHEN standings.ready THEN 'ready'
                      ELSE 'pending' END
            ELSE nodes.status END AS spoken_status,
       CASE WHEN nodes.node_type = 'task' AND nodes.status = 'pending' AND standings.blocker IS NOT NULL
            THEN (SELECT source.id || ' ' || source.status FROM nodes source WHERE source.key = standings.blocker)
            ELSE nodes.blocked_reason END AS spoken_reason,
       standings.sort_id
FROM nodes JOIN standings ON standings.key = nodes.key;

CREATE TRIGGER standings_node_made AFTER INSERT ON nodes
    WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
BEGIN
    INSERT INTO standings (key, project_id, root_key, open_children, urgency, size, created_at)
    VALUES (NEW.key, NEW.project_id,
            coalesce((SELECT standings.root_key FROM nodes parent JOIN standings ON standings.key = parent.key
                      WHERE parent.id = NEW.parent_id), NEW.key),
            (SELECT count(*) FROM nodes child
             WHERE child.parent_id = NEW.id AND child.node_type = 'task'
               AND child.status NOT IN ('completed', 'cancelled')),
            CASE NEW.priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3
                              ELSE 4 END,
            CASE NEW.complexity WHEN 'small' THEN 0 WHEN 'medium' THEN 1 WHEN 'large' THEN 2 ELSE 3 END,
            NEW.created_at);
    INSERT OR IGNORE INTO unsettled VALUES (NEW.key);
END;
CREATE TRIGGER standings_child_made AFTER INSERT ON nodes
    WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND NEW.parent_id IS NOT NULL AND NEW.node_type = 'task' AND NEW.status NOT IN ('completed', 'cancelled')
BEGIN
    UPDATE standings SET open_children = open_children + 1
    WHERE key = (SELECT key FROM nodes WHERE id = NEW.parent_id);
    INSERT OR IGNORE INTO unsettled SELECT key FROM nodes WHERE id = NEW.parent_id AND node_type = 'task';
END;

CREATE TRIGGER standings_ranks AFTER UPDATE OF priority, details ON nodes
    WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND OLD.priority IS NOT NEW.priority OR OLD.complexity IS NOT NEW.complexity
BEGIN
    UPDATE standings
    SET urgency = CASE NEW.priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3
                                    ELSE 4 END,
        size = CASE NEW.complexity WHEN 'small' THEN 0 WHEN 'medium' THEN 1 WHEN 'large' THEN 2 ELSE 3 END
    WHERE key = NEW.key;
END;

CREATE TRIGGER standings_status AFTER UPDATE OF status ON nodes WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND OLD.status <> NEW.status
BEGIN
    INSERT OR IGNORE INTO unsettled VALUES (NEW.key);
END;
-- A prerequisite that is satisfied, or no longer is.
CREATE TRIGGER standings_satisfied AFTER UPDATE OF status ON nodes
    WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND (OLD.status IN ('completed', 'cancelled', 'decided', 'superseded'))
      <> (NEW.status IN ('completed', 'cancelled', 'decided', 'superseded'))
BEGIN
    UPDATE standings
    SET open_prerequisites = open_prerequisites
        + CASE WHEN NEW.status IN ('completed', 'cancelled', 'decided', 'superseded') THEN -1 ELSE 1 END
    WHERE key IN (SELECT dependent.key FROM edges CROSS JOIN nodes dependent
                  WHERE edges.to_id = NEW.id AND edges.edge_type = 'depends_on' AND dependent.id = edges.from_id);
    INSERT OR IGNORE INTO unsettled
    SELECT dependent.key FROM edges CROSS JOIN nodes dependent
    WHERE edges.to_id = NEW.id AND edges.edge_type = 'depends_on' AND dependent.id = edges.from_id;
END;
-- A task that is finished, or no longer is: one child and one dependent less, or more.
CREATE TRIGGER standings_finished AFTER UPDATE OF status ON nodes
    WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND NEW.node_type = 'task'
     AND (OLD.status IN ('completed', 'cancelled')) <> (NEW.status IN ('completed', 'cancelled'))
BEGIN
    UPDATE standings
    SET open_children = open_children + CASE WHEN NEW.status IN ('completed', 'cancelled') THEN -1 ELSE 1 END
    WHERE OLD.parent_id IS NEW.parent_id AND key = (SELECT key FROM nodes WHERE id = NEW.parent_id);
    UPDATE standings
    SET open_dependents = open_dependents + CASE WHEN NEW.status IN ('completed', 'cancelled') THEN -1 ELSE 1 END
    WHERE key IN (SELECT target.key FROM edges CROSS JOIN nodes target
                  WHERE edges.from_id = NEW.id AND edges.edge_type = 'depends_on' AND target.id = edges.to_id);
    INSERT OR IGNORE INTO unsettled SELECT key FROM nodes WHERE id = NEW.parent_id AND node_type = 'task';
END;
-- An ancestor that hinders what is below it, or no longer does.
CREATE TRIGGER standings_hinders AFTER UPDATE OF status ON nodes
    WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND (OLD.status IN ('blocked', 'failed', 'cancelled')) <> (NEW.status IN ('blocked', 'failed', 'cancelled'))
BEGIN
    INSERT OR IGNORE INTO unsettled SELECT key FROM nodes WHERE parent_id = NEW.id;
END;

CREATE TRIGGER standings_moved AFTER UPDATE OF parent_id ON nodes WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND OLD.parent_id IS NOT NEW.parent_id
BEGIN
    UPDATE standings SET open_children = open_children - 1
    WHERE NEW.node_type = 'task' AND OLD.status NOT IN ('completed', 'cancelled')
      AND key = (SELECT key FROM nodes WHERE id = OLD.parent_id);
    UPDATE standings SET open_children = open_children + 1
    WHERE NEW.node_type = 'task' AND NEW.status NOT IN ('completed', 'cancelled')
      AND key = (SELECT key FROM nodes WHERE id = NEW.parent_id);
    INSERT OR IGNORE INTO unsettled SELECT key FROM nodes WHERE id IN (NEW.id, OLD.parent_id, NEW.parent_id);
END;

CREATE TRIGGER standings_edge_made AFTER INSERT ON edges WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND NEW.edge_type = 'depends_on'
BEGIN
    UPDATE standings SET open_prerequisites = open_prerequisites + 1
    WHERE key = (SELECT key FROM nodes WHERE id = NEW.from_id)
      AND EXISTS (SELECT 1 FROM nodes
                  WHERE id = NEW.to_id AND status NOT IN ('completed', 'cancelled', 'decided', 'superseded'));
    UPDATE standings SET open_dependents = open_dependents + 1
    WHERE key = (SELECT key FROM nodes WHERE id = NEW.to_id)
      AND EXISTS (SELECT 1 FROM nodes
                  WHERE id = NEW.from_id AND node_type = 'task' AND status NOT IN ('completed', 'cancelled'));
    INSERT OR IGNORE INTO unsettled SELECT key FROM nodes WHERE id = NEW.from_id;
END;
CREATE TRIGGER standings_edge_gone AFTER DELETE ON edges WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE key = 0)
     AND OLD.edge_type = 'depends_on'
BEGIN
    UPDATE standings SET open_prerequisites = open_prerequisites - 1
    WHERE key = (SELECT key FROM nodes WHERE id = OLD.from_id)
      AND EXISTS (SELECT 1 FROM nodes
                  WHERE id = OLD.to_id AND status NOT IN ('completed', 'cancelled', 'decided', 'superseded'));
    UPDATE standings SET open_dependents = open_dependents - 1
    WHERE key = (SELECT key FROM nodes WHERE id = OLD.to_id)
      AND EXISTS (SELECT 1 FROM nodes
                  WHERE id = OLD.from_id AND node_type = 'task' AND status NOT IN ('completed', 'cancelled'));
    INSERT OR IGNORE INTO unsettled SELECT key FROM nodes WHERE id = OLD.from_id;
END;
