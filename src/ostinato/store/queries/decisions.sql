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
SELECT id FROM nodes WHERE project_id = :project_id AND node_type = 'decision' ORDER BY number, id

-- name: of_goal
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :goal_id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT nodes.id FROM below CROSS JOIN nodes
WHERE nodes.id = below.id AND nodes.node_type = 'decision'
ORDER BY nodes.number, nodes.id

-- name: below
-- What stands below a decision; what stands below another decision in it is that one's.
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes AS above CROSS JOIN nodes
    WHERE above.id = below.id AND above.node_type <> 'decision' AND nodes.parent_id = below.id
)
SELECT spoken.* FROM below CROSS JOIN spoken WHERE spoken.id = below.id

-- name: by_ids
SELECT spoken.* FROM json_each(:ids) wanted CROSS JOIN spoken WHERE spoken.id = wanted.value

-- name: events
SELECT events.* FROM json_each(:ids) wanted CROSS JOIN events WHERE events.node_id = wanted.value

-- name: edges
SELECT edges.* FROM json_each(:ids) wanted CROSS JOIN edges WHERE edges.from_id = wanted.value
UNION
SELECT edges.* FROM json_each(:ids) wanted CROSS JOIN edges WHERE edges.to_id = wanted.value

-- name: chain
-- All that this decision supersedes or is superseded by, at whatever distance, itself too.
WITH RECURSIVE chain (id) AS (
    SELECT :id
    UNION
    SELECT edges.from_id FROM chain CROSS JOIN edges WHERE edges.to_id = chain.id AND edges.edge_type = 'supersedes'
    UNION
    SELECT edges.to_id FROM chain CROSS JOIN edges WHERE edges.from_id = chain.id AND edges.edge_type = 'supersedes'
)
SELECT id FROM chain

-- name: forbidding
-- What may hold: was decided, by whomever, and forbids something.
SELECT * FROM spoken
WHERE project_id = :project_id AND node_type = 'decision' AND (status = 'decided' OR decided_by IS NOT NULL)
  AND (coalesce(json_array_length(details, '$.forbids_paths'), 0) > 0
       OR coalesce(json_array_length(details, '$.forbids_dependencies'), 0) > 0)

-- name: was_decided
SELECT 1 AS found FROM nodes WHERE id = :id AND (status = 'decided' OR decided_by IS NOT NULL)

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
