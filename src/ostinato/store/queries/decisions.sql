-- Decisions: who stands behind them, which supersede which, and what is forbidden now.
-- CROSS JOIN stands where SQLite by itself takes the tables in the other order.

-- name: decided
-- A person's word is never replaced by a model's.
UPDATE nodes SET decided_by = CASE WHEN decided_by = 'person' THEN 'person' ELSE :who END WHERE id = :id

-- name: opened
UPDATE nodes SET decided_by = NULL WHERE id = :id

-- name: decided_by
SELECT decided_by FROM nodes WHERE id = :id

-- name: successor
SELECT from_id AS id FROM edges WHERE to_id = :id AND edge_type = 'supersedes' ORDER BY created_at, from_id LIMIT 1

-- name: superseded_by
SELECT to_id AS id FROM edges WHERE from_id = :id AND edge_type = 'supersedes'

-- name: of_project
SELECT * FROM nodes WHERE project_id = :project_id AND node_type = 'decision'

-- name: options_of_project
SELECT option.*
FROM nodes decision CROSS JOIN edges CROSS JOIN nodes option
WHERE decision.project_id = :project_id AND decision.node_type = 'decision'
  AND edges.from_id = decision.id AND edges.edge_type IN ('leads_to', 'contains')
  AND option.id = edges.to_id AND option.node_type = 'option'

-- name: edges_of_project
-- Every edge that has a decision at either end.
SELECT edges.* FROM nodes decision CROSS JOIN edges
WHERE decision.project_id = :project_id AND decision.node_type = 'decision' AND edges.from_id = decision.id
UNION
SELECT edges.* FROM nodes decision CROSS JOIN edges
WHERE decision.project_id = :project_id AND decision.node_type = 'decision' AND edges.to_id = decision.id

-- name: forbidding
-- What may hold: was decided, by whomever, and forbids something.
SELECT * FROM nodes
WHERE project_id = :project_id AND node_type = 'decision' AND (status = 'decided' OR decided_by IS NOT NULL)
  AND (coalesce(json_array_length(details, '$.forbids_paths'), 0) > 0
       OR coalesce(json_array_length(details, '$.forbids_dependencies'), 0) > 0)

-- name: accepted_successor
-- A decision that supersedes this one, at whatever distance, and has a person behind it.
WITH RECURSIVE newer (id) AS (
    SELECT from_id FROM edges WHERE to_id = :id AND edge_type = 'supersedes'
    UNION
    SELECT edges.from_id FROM newer CROSS JOIN edges WHERE edges.to_id = newer.id AND edges.edge_type = 'supersedes'
)
SELECT nodes.id FROM newer CROSS JOIN nodes
WHERE nodes.id = newer.id AND nodes.node_type = 'decision' AND nodes.decided_by = 'person'
LIMIT 1

-- name: given_up
-- A goal above this decision that was given up.
WITH RECURSIVE up (id) AS (
    SELECT parent_id FROM nodes WHERE id = :id AND parent_id IS NOT NULL
    UNION
    SELECT nodes.parent_id FROM up CROSS JOIN nodes WHERE nodes.id = up.id AND nodes.parent_id IS NOT NULL
)
SELECT nodes.id FROM up CROSS JOIN nodes
WHERE nodes.id = up.id AND nodes.node_type = 'goal' AND nodes.status = 'cancelled'
LIMIT 1
