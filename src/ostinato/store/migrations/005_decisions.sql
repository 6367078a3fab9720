-- Decisions that hold: a number that stays, and who stands behind a decision.
--
-- `number` is the decision's number in its project's records, given once by the database: counted per project, so that it
-- is never used again, and never changed, so that a record keeps its name in the repository. A row that brings a number
-- keeps it where it is free. `decided_by` tells who stands behind a decision: NULL until it is decided and after a person
-- has opened it again, `agent` where no person has said yes yet, `person` where one has. What a decision forbids holds
-- until a decision that supersedes it has a person behind it, so that no model can free itself.

ALTER TABLE nodes ADD COLUMN number INTEGER;
ALTER TABLE nodes ADD COLUMN decided_by TEXT CHECK (decided_by IN ('agent', 'person'));

CREATE TABLE decision_numbers (
    project_id TEXT PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    last       INTEGER NOT NULL
);

UPDATE nodes
SET number = counted.place
FROM (SELECT id, row_number() OVER (PARTITION BY project_id ORDER BY created_at, key) AS place
      FROM nodes WHERE node_type = 'decision') AS counted
WHERE nodes.id = counted.id;

INSERT INTO decision_numbers (project_id, last)
SELECT project_id, max(number) FROM nodes WHERE node_type = 'decision' GROUP BY project_id;

UPDATE nodes
SET decided_by = CASE WHEN created_by LIKE 'agent:%' THEN 'agent' ELSE 'person' END
WHERE node_type = 'decision' AND (status = 'decided' OR (status = 'superseded' AND completed_at IS NOT NULL));

CREATE INDEX nodes_by_number ON nodes (project_id, number) WHERE number IS NOT NULL;

CREATE TRIGGER nodes_number_decisions AFTER INSERT ON nodes WHEN NEW.node_type = 'decision'
BEGIN
    INSERT INTO decision_numbers (project_id, last) VALUES (NEW.project_id, 0) ON CONFLICT (project_id) DO NOTHING;
    UPDATE nodes
    SET number = CASE
            WHEN NEW.number > 0 AND NOT EXISTS (
                SELECT 1 FROM nodes AS other
                WHERE other.project_id = NEW.project_id AND other.number = NEW.number AND other.id <> NEW.id)
            THEN NEW.number
            ELSE (SELECT last + 1 FROM decision_numbers WHERE project_id = NEW.project_id)
        END,
        decided_by = CASE
            WHEN NEW.decided_by IS NOT NULL THEN NEW.decided_by
            -- What is superseded keeps the time when it was decided.
            WHEN NEW.status <> 'decided' AND (NEW.status <> 'superseded' OR NEW.completed_at IS NULL) THEN NULL
            WHEN NEW.created_by LIKE 'agent:%' THEN 'agent'
            ELSE 'person'
        END
    WHERE id = NEW.id;
    UPDATE decision_numbers
    SET last = max(last, (SELECT number FROM nodes WHERE id = NEW.id))
    WHERE project_id = NEW.project_id;
END;

CREATE TRIGGER nodes_keep_decision_numbers BEFORE UPDATE OF number ON nodes
WHEN OLD.number IS NOT NULL AND NEW.number IS NOT OLD.number AND NOT EXISTS (
    SELECT 1 FROM nodes AS other
    WHERE other.project_id = OLD.project_id AND other.number = OLD.number AND other.id <> OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'the number of a decision never changes');
END;
