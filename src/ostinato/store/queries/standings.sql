-- What follows from the facts, kept in `standings`: see migrations/003_standings.sql. Keys are the rows' of `nodes`.
-- CROSS JOIN keeps the few keys outermost.

-- name: unsettled
SELECT key FROM unsettled

-- name: settled
DELETE FROM unsettled

-- name: unsettle_all
INSERT INTO unsettled VALUES (:key) ON CONFLICT (key) DO NOTHING

-- name: forget
DELETE FROM standings

-- name: count
-- All rows anew, with their counters.
INSERT INTO standings (key, project_id, root_key, open_prerequisites, open_children, open_dependents, urgency, size,
                       created_at)
SELECT nodes.key, nodes.project_id, nodes.key, coalesce(prerequisites.n, 0), coalesce(children.n, 0),
       coalesce(dependents.n, 0),
       CASE priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END,
       CASE complexity WHEN 'small' THEN 0 WHEN 'medium' THEN 1 WHEN 'large' THEN 2 ELSE 3 END,
       nodes.created_at
FROM nodes
LEFT JOIN (SELECT edges.from_id AS id, count(*) AS n
           FROM edges JOIN nodes target ON target.id = edges.to_id
           WHERE edges.edge_type = 'depends_on'
             AND target.status NOT IN ('completed', 'cancelled', 'decided', 'superseded')
           GROUP BY edges.from_id) prerequisites ON prerequisites.id = nodes.id
LEFT JOIN (SELECT edges.to_id AS id, count(*) AS n
           FROM edges JOIN nodes dependent ON dependent.id = edges.from_id
           WHERE edges.edge_type = 'depends_on' AND dependent.node_type = 'task'
             AND dependent.status NOT IN ('completed', 'cancelled')
           GROUP BY edges.to_id) dependents ON dependents.id = nodes.id
LEFT JOIN (SELECT parent_id AS id, count(*) AS n FROM nodes
           WHERE node_type = 'task' AND status NOT IN ('completed', 'cancelled')
           GROUP BY parent_id) children ON children.id = nodes.id

-- name: all_places
WITH RECURSIVE down (key, id, root_key, held, hinders) AS (
    SELECT nodes.key, nodes.id, nodes.key, standings.open_prerequisites > 0,
           nodes.status IN ('blocked', 'failed', 'cancelled')
    FROM nodes JOIN standings ON standings.key = nodes.key
    WHERE nodes.parent_id IS NULL
    UNION ALL
    SELECT nodes.key, nodes.id, down.root_key,
           standings.open_prerequisites > 0 OR down.held OR down.hinders,
           nodes.status IN ('blocked', 'failed', 'cancelled')
    FROM down CROSS JOIN nodes CROSS JOIN standings
    WHERE nodes.parent_id = down.id AND standings.key = nodes.key
)
SELECT down.key, down.root_key, down.held,
       nodes.node_type = 'task' AND nodes.status = 'pending' AND NOT down.held AND NOT standings.open_children,
       nodes.id
FROM down CROSS JOIN nodes CROSS JOIN standings
WHERE nodes.key = down.key AND standings.key = down.key

-- name: index_rest
INSERT INTO node_search (rowid, title, description)
SELECT nodes.key, nodes.title, nodes.description
FROM nodes LEFT JOIN node_search_docsize held ON held.id = nodes.key
WHERE held.id IS NULL

-- name: stopped
SELECT key FROM nodes WHERE node_type = 'task' AND status IN ('blocked', 'failed')

-- name: places
-- What decides whether these nodes are held and ready, and what is kept about it now.
SELECT standings.key, nodes.id, nodes.node_type, nodes.status, standings.open_prerequisites, standings.open_children,
       standings.root_key, standings.held, standings.ready, standings.sort_id,
       above.root_key, above.held, parent.status
FROM json_each(:keys) wanted
CROSS JOIN standings ON standings.key = wanted.value
CROSS JOIN nodes ON nodes.key = standings.key
LEFT JOIN nodes parent ON parent.id = nodes.parent_id
LEFT JOIN standings above ON above.key = parent.key

-- name: place
UPDATE standings SET root_key = ?2, held = ?3, ready = ?4, sort_id = ?5 WHERE key = ?1

-- name: children
SELECT nodes.key, child.key, child.node_type, child.status
FROM json_each(:keys) wanted CROSS JOIN nodes ON nodes.key = wanted.value
CROSS JOIN nodes child ON child.parent_id = nodes.id

-- name: hindered
-- Whether in the projects of these nodes any task is blocked or failed, or any node was found to wait for one.
SELECT EXISTS (
    SELECT 1
    FROM json_each(:keys) wanted CROSS JOIN standings ON standings.key = wanted.value
    WHERE EXISTS (SELECT 1 FROM standings other
                  WHERE other.project_id = standings.project_id
                    AND (other.blocker IS NOT NULL OR other.gate_blocker IS NOT NULL))
       OR EXISTS (SELECT 1 FROM nodes WHERE nodes.project_id = standings.project_id AND nodes.node_type = 'task'
                  AND nodes.status IN ('blocked', 'failed')))

-- name: labels
SELECT standings.key, nodes.id, nodes.node_type, nodes.status, standings.blocker, standings.distance,
       standings.gate_blocker, standings.gate_distance, above.gate_blocker, above.gate_distance
FROM json_each(:keys) wanted
CROSS JOIN standings ON standings.key = wanted.value
CROSS JOIN nodes ON nodes.key = standings.key
LEFT JOIN nodes parent ON parent.id = nodes.parent_id
LEFT JOIN standings above ON above.key = parent.key

-- name: labelled_prerequisites
SELECT nodes.key, standings.blocker, standings.distance
FROM json_each(:keys) wanted
CROSS JOIN nodes ON nodes.key = wanted.value
CROSS JOIN edges ON edges.from_id = nodes.id AND edges.edge_type = 'depends_on'
CROSS JOIN nodes target ON target.id = edges.to_id
CROSS JOIN standings ON standings.key = target.key
WHERE standings.blocker IS NOT NULL

-- name: labelled_children
SELECT nodes.key, child.node_type, standings.blocker, standings.distance
FROM json_each(:keys) wanted
CROSS JOIN nodes ON nodes.key = wanted.value
CROSS JOIN nodes child ON child.parent_id = nodes.id
CROSS JOIN standings ON standings.key = child.key
WHERE standings.blocker IS NOT NULL

-- name: that_name
SELECT standings.key
FROM json_each(:keys) wanted CROSS JOIN standings ON standings.key = wanted.value
WHERE standings.blocker IN (SELECT value FROM json_each(:sources))
   OR standings.gate_blocker IN (SELECT value FROM json_each(:sources))

-- name: dependents
SELECT nodes.key, dependent.key, dependent.node_type, dependent.status
FROM json_each(:keys) wanted
CROSS JOIN nodes ON nodes.key = wanted.value
CROSS JOIN edges ON edges.to_id = nodes.id AND edges.edge_type = 'depends_on'
CROSS JOIN nodes dependent ON dependent.id = edges.from_id

-- name: parents
SELECT nodes.key, parent.key, parent.node_type, parent.status, nodes.node_type
FROM json_each(:keys) wanted
CROSS JOIN nodes ON nodes.key = wanted.value
CROSS JOIN nodes parent ON parent.id = nodes.parent_id

-- name: label
UPDATE standings SET blocker = ?2, distance = ?3 WHERE key = ?1

-- name: label_gate
UPDATE standings SET gate_blocker = ?2, gate_distance = ?3 WHERE key = ?1

-- name: ids
SELECT nodes.key, nodes.id FROM json_each(:keys) wanted CROSS JOIN nodes ON nodes.key = wanted.value

-- name: next_of_project
SELECT key FROM standings
WHERE ready = 1 AND project_id = :project_id
ORDER BY urgency, open_dependents DESC, size, created_at, sort_id
LIMIT :limit

-- name: next_of_all
SELECT key FROM standings
WHERE ready = 1
ORDER BY urgency, open_dependents DESC, size, created_at, sort_id
LIMIT :limit

-- name: next_of_root
SELECT key FROM standings
WHERE ready = 1 AND root_key = :root_key
ORDER BY urgency, open_dependents DESC, size, created_at, sort_id
LIMIT :limit

-- name: next_below
-- For a goal inside another one: of what lies below the topmost, that which lies below this.
SELECT standings.key FROM standings
WHERE ready = 1 AND root_key = :root_key
  AND EXISTS (
    WITH RECURSIVE up (id) AS (
        SELECT parent_id FROM nodes WHERE nodes.key = standings.key
        UNION
        SELECT nodes.parent_id FROM up CROSS JOIN nodes WHERE nodes.id = up.id
    )
    SELECT 1 FROM up WHERE id = :goal_id)
ORDER BY urgency, open_dependents DESC, size, created_at, sort_id
LIMIT :limit

-- name: place_of
SELECT standings.key, standings.root_key, standings.project_id
FROM nodes CROSS JOIN standings ON standings.key = nodes.key
WHERE nodes.id = :id

-- name: kept
-- What is kept about the tasks of a project whose status is derived.
SELECT spoken.id, spoken.spoken_status, spoken.spoken_reason, standings.open_dependents
FROM spoken CROSS JOIN standings ON standings.key = spoken.key
WHERE spoken.project_id = :project_id AND spoken.node_type = 'task' AND spoken.status = 'pending'
