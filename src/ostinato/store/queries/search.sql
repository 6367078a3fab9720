-- Full text search. Better matches have lower ranks; a word in a title counts four times.

-- name: nodes
SELECT nodes.*, bm25(node_search, 4.0, 1.0) AS rank
FROM node_search JOIN spoken AS nodes ON nodes.key = node_search.rowid
WHERE node_search MATCH :query
  AND (:project_id IS NULL OR project_id = :project_id)
  AND (:node_type IS NULL OR node_type = :node_type)
  AND (:status IS NULL OR spoken_status = :status)
ORDER BY rank, created_at, nodes.key
LIMIT :limit

-- name: notes
-- What matches in handoff notes is found under the goal of their session. Materialized: bm25 works in the scan alone.
WITH found (key, rank) AS MATERIALIZED (
    SELECT rowid, bm25(notes_search) FROM notes_search WHERE notes_search MATCH :query
)
SELECT goals.*, min(found.rank) AS rank
FROM found
JOIN sessions ON sessions.key = found.key
JOIN spoken goals ON goals.id = sessions.goal_id
WHERE (:project_id IS NULL OR goals.project_id = :project_id)
  AND (:node_type IS NULL OR goals.node_type = :node_type)
  AND (:status IS NULL OR goals.spoken_status = :status)
GROUP BY goals.key
ORDER BY rank, goals.created_at, goals.key
LIMIT :limit

-- name: literal
-- For a query without any word: its characters, as they are, in title or description.
SELECT nodes.*, 0 AS rank
FROM spoken AS nodes
WHERE (instr(title, :text) > 0 OR instr(description, :text) > 0)
  AND (:project_id IS NULL OR project_id = :project_id)
  AND (:node_type IS NULL OR node_type = :node_type)
  AND (:status IS NULL OR spoken_status = :status)
ORDER BY created_at, key
LIMIT :limit
