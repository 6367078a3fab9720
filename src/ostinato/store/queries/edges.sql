-- Edges.

-- name: get
SELECT * FROM edges WHERE id = :id

-- name: of_node
SELECT * FROM edges WHERE from_id = :id OR to_id = :id

-- name: insert
INSERT INTO edges (id, edge_type, from_id, to_id, label, created_at)
VALUES (:id, :edge_type, :from_id, :to_id, :label, :created_at)

-- name: set_label
UPDATE edges SET label = :label WHERE id = :id

-- name: delete
DELETE FROM edges WHERE id = :id

-- name: from_node
SELECT * FROM edges WHERE from_id = :id AND edge_type = :edge_type

-- name: prerequisites
SELECT spoken.* FROM edges CROSS JOIN spoken
WHERE edges.from_id = :id AND edges.edge_type = 'depends_on' AND spoken.id = edges.to_id
ORDER BY spoken.created_at, spoken.sort_id

-- name: depends_on_of_project
SELECT edges.from_id, edges.to_id
FROM edges JOIN nodes ON nodes.id = edges.from_id
WHERE edges.edge_type = 'depends_on' AND nodes.project_id = :project_id

-- name: depends_on_of
SELECT edges.from_id, edges.to_id
FROM json_each(:ids) wanted CROSS JOIN edges
WHERE edges.from_id = wanted.value AND edges.edge_type = 'depends_on'

-- name: typed_targets
SELECT nodes.id, nodes.node_type FROM edges JOIN nodes ON nodes.id = edges.to_id
WHERE edges.from_id = :id AND edges.edge_type = 'depends_on'

-- name: typed_dependents
SELECT nodes.id, nodes.node_type FROM edges JOIN nodes ON nodes.id = edges.from_id
WHERE edges.to_id = :id AND edges.edge_type = 'depends_on'

-- name: typed_children
SELECT id, node_type FROM nodes WHERE parent_id = :id

-- name: typed_parent
SELECT parent.id, parent.node_type FROM nodes child JOIN nodes parent ON parent.id = child.parent_id
WHERE child.id = :id

-- name: contained_in
SELECT to_id AS id FROM edges WHERE from_id = :id AND edge_type = 'contains'

-- name: options_of
SELECT id, status FROM nodes
WHERE node_type = 'option'
  AND (parent_id = :id OR id IN (SELECT to_id FROM edges WHERE from_id = :id AND edge_type = 'leads_to'))
