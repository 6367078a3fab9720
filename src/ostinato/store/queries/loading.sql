-- Loading in bulk. Lists of ids come as JSON texts.

-- name: present
SELECT nodes.id, projects.name AS project
FROM json_each(:ids) wanted CROSS JOIN nodes CROSS JOIN projects
WHERE nodes.id = wanted.value AND projects.id = nodes.project_id
LIMIT 1

-- name: present_uids
SELECT nodes.id, nodes.uid FROM json_each(:uids) wanted CROSS JOIN nodes WHERE nodes.uid = wanted.value LIMIT 1

-- name: present_edges
SELECT edges.id FROM json_each(:ids) wanted CROSS JOIN edges WHERE edges.id = wanted.value LIMIT 1

-- name: outlines
SELECT id, node_type, parent_id FROM nodes WHERE project_id = :project_id

-- name: ruled_edges
SELECT edges.edge_type, edges.from_id, edges.to_id
FROM edges CROSS JOIN nodes
WHERE edges.edge_type IN ('contains', 'depends_on', 'chosen', 'rejected')
  AND nodes.id = edges.from_id AND nodes.project_id = :project_id

-- name: widen_cache
-- 64 MB of pages in memory, where SQLite keeps 2: what writes very much would write many of them several times otherwise.
PRAGMA cache_size = -65536

-- name: last_keys
SELECT (SELECT coalesce(max(key), 0) FROM nodes), (SELECT coalesce(max(rowid), 0) FROM edges)

-- name: child_seq
SELECT child_seq FROM nodes WHERE id = :id
