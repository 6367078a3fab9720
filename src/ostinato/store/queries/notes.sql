-- What handoff notes are made of.

-- name: descendants
-- Each descendant once, with the option that a decided decision chose: the latest chosen edge where there are several.
WITH RECURSIVE below (id) AS (
    SELECT to_id FROM edges WHERE from_id = :goal_id AND edge_type = 'contains'
    UNION
    SELECT edges.to_id
    FROM below CROSS JOIN edges -- in this order: SQLite takes the other one by itself, which is quadratic
    WHERE edges.from_id = below.id AND edges.edge_type = 'contains'
)
SELECT id, node_type, title, spoken_status, created_at, completed_at, spoken_reason,
       CASE WHEN chosen_id IS NOT NULL THEN (
           SELECT options.title FROM edges JOIN nodes options ON options.id = edges.to_id WHERE edges.id = chosen_id
       ) END AS option_title,
       CASE WHEN chosen_id IS NOT NULL THEN (SELECT label FROM edges WHERE edges.id = chosen_id) END AS rationale
FROM (
    SELECT nodes.*, CASE WHEN nodes.node_type = 'decision' AND nodes.status = 'decided' THEN (
        SELECT latest.id FROM edges AS latest
        WHERE latest.from_id = nodes.id AND latest.edge_type = 'chosen'
        ORDER BY latest.created_at DESC, latest.id DESC
        LIMIT 1
    ) END AS chosen_id
    FROM below CROSS JOIN spoken AS nodes
    WHERE nodes.id = below.id AND nodes.id <> :goal_id
)

-- name: node
SELECT id FROM nodes WHERE id = :id
