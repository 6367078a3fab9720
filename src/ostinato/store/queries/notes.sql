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
SELECT nodes.id, nodes.node_type, nodes.title, nodes.spoken_status, nodes.created_at, nodes.completed_at,
       nodes.spoken_reason, options.title AS option_title, chosen.label AS rationale
FROM below
CROSS JOIN spoken AS nodes ON nodes.id = below.id
LEFT JOIN edges AS chosen ON nodes.node_type = 'decision' AND nodes.status = 'decided' AND chosen.id = (
    SELECT latest.id FROM edges AS latest
    WHERE latest.from_id = nodes.id AND latest.edge_type = 'chosen'
    ORDER BY latest.created_at DESC, latest.id DESC
    LIMIT 1
)
LEFT JOIN nodes AS options ON options.id = chosen.to_id
WHERE nodes.id <> :goal_id

-- name: node
SELECT id FROM nodes WHERE id = :id
