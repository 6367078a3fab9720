-- Importing other programs' tasks: what came from them before, and which numbers are taken.

-- name: sources
-- What lies in a goal that was given up is not counted: it may be imported again.
WITH RECURSIVE given_up (id) AS (
    SELECT id FROM nodes WHERE project_id = :project_id AND node_type = 'goal' AND status = 'cancelled'
    UNION
    SELECT nodes.id FROM given_up CROSS JOIN nodes WHERE nodes.parent_id = given_up.id
)
SELECT id, node_type, status, json_extract(metadata, '$.source') AS source
FROM nodes
WHERE project_id = :project_id AND metadata LIKE '%"source":%' AND id NOT IN (SELECT id FROM given_up)

-- name: ids_below
SELECT id FROM nodes WHERE id > :parent_id || '.' AND id < :parent_id || '/'
