-- Why a task is not ready. CROSS JOIN stands where SQLite by itself would read all of one table for each row of another.

-- name: facts_upstream
-- What the rules ask of some tasks: these, their ancestors and all that they wait for, however far. `whole` tells a
-- node that is waited for itself from an ancestor, of which only its state and its own prerequisites matter.
WITH RECURSIVE up (id, whole) AS (
    SELECT value, 1 FROM json_each(:ids)
    UNION
    SELECT nodes.parent_id, 0
    FROM up CROSS JOIN nodes
    WHERE nodes.id = up.id AND nodes.parent_id IS NOT NULL
      AND (up.whole = 0 OR (nodes.node_type = 'task' AND nodes.status = 'pending')
           OR (nodes.node_type = 'goal' AND nodes.status NOT IN ('completed', 'cancelled')))
    UNION
    SELECT edges.to_id, 1
    FROM up CROSS JOIN nodes CROSS JOIN edges
    WHERE nodes.id = up.id AND edges.from_id = up.id AND edges.edge_type = 'depends_on'
      AND (up.whole = 0 OR (nodes.node_type = 'task' AND nodes.status = 'pending')
           OR (nodes.node_type IN ('goal', 'decision')
               AND nodes.status NOT IN ('completed', 'cancelled', 'decided', 'superseded')))
    UNION
    SELECT child.id, 1
    FROM up CROSS JOIN nodes CROSS JOIN nodes child
    WHERE up.whole = 1 AND nodes.id = up.id AND child.parent_id = up.id
      AND ((nodes.node_type = 'task' AND nodes.status = 'pending' AND child.node_type = 'task')
           OR (nodes.node_type = 'goal' AND nodes.status NOT IN ('completed', 'cancelled')
               AND child.node_type IN ('task', 'goal')))
      AND child.status NOT IN ('completed', 'cancelled')
)
SELECT nodes.id, node_type, status, parent_id, priority, complexity, created_at
FROM (SELECT DISTINCT id FROM up) needed CROSS JOIN nodes
WHERE nodes.id = needed.id
