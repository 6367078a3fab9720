-- Full text search. Better matches have lower ranks; a word in a title counts four times.
--
-- Ranking reads the index alone, the conditions are asked of the best few hundred, and whole rows are read of what is
-- shown. Only where too few of those fulfil the conditions is every match asked.

-- name: ranked
-- Of at most :most matches, the newest. Materialized: bm25 works in the scan alone.
WITH found (key, rank) AS MATERIALIZED (
    SELECT rowid, bm25(node_search, 4.0, 1.0)
    FROM node_search
    WHERE node_search MATCH :query
    ORDER BY rowid DESC
    LIMIT :most
)
SELECT key, rank FROM found ORDER BY rank, key LIMIT :limit

-- name: ranked_fitting
-- Of all that match, those that fulfil the conditions, which are asked before the rank is worked out.
WITH found (key, rank) AS MATERIALIZED (
    SELECT rowid, bm25(node_search, 4.0, 1.0)
    FROM node_search
    WHERE node_search MATCH :query
      AND EXISTS (
          SELECT 1 FROM spoken AS nodes
          WHERE nodes.key = node_search.rowid
            AND (:project_id IS NULL OR nodes.project_id = :project_id)
            AND (:node_type IS NULL OR nodes.node_type = :node_type)
            AND (:status IS NULL OR nodes.spoken_status = :status)
            AND (:label IS NULL OR EXISTS (SELECT 1 FROM json_each(nodes.labels) WHERE value = :label))
            AND (:goal_id IS NULL OR :goal_id IN (
                WITH RECURSIVE up (id) AS (
                    SELECT nodes.parent_id
                    UNION ALL
                    SELECT above.parent_id FROM up CROSS JOIN nodes above WHERE above.id = up.id
                )
                SELECT id FROM up
            ))
      )
)
SELECT key, rank FROM found ORDER BY rank, key LIMIT :limit

-- name: ranked_notes
-- What matches in handoff notes is found under the goal of their session. Materialized: bm25 works in the scan alone.
WITH found (key, rank) AS MATERIALIZED (
    SELECT rowid, bm25(notes_search) FROM notes_search WHERE notes_search MATCH :query
)
SELECT goals.key AS key, min(found.rank) AS rank, sessions.key AS session
FROM found
CROSS JOIN sessions
CROSS JOIN nodes goals
WHERE sessions.key = found.key AND goals.id = sessions.goal_id
GROUP BY goals.key
ORDER BY rank, goals.key

-- name: literal
-- For a query without any word: its characters, as they are, in title or description.
SELECT nodes.key, 0.0 AS rank
FROM spoken AS nodes
WHERE (instr(nodes.title, :text) > 0 OR instr(nodes.description, :text) > 0)
  AND (:project_id IS NULL OR nodes.project_id = :project_id)
  AND (:node_type IS NULL OR nodes.node_type = :node_type)
  AND (:status IS NULL OR nodes.spoken_status = :status)
  AND (:label IS NULL OR EXISTS (SELECT 1 FROM json_each(nodes.labels) WHERE value = :label))
  AND (:goal_id IS NULL OR :goal_id IN (
      WITH RECURSIVE up (id) AS (
          SELECT nodes.parent_id
          UNION ALL
          SELECT above.parent_id FROM up CROSS JOIN nodes above WHERE above.id = up.id
      )
      SELECT id FROM up
  ))
ORDER BY nodes.key
LIMIT :limit

-- name: fitting
-- Those of the candidates that fulfil the conditions. The way up decides what lies below a goal: it is short.
SELECT nodes.key
FROM json_each(:keys) candidates
CROSS JOIN spoken AS nodes
WHERE nodes.key = candidates.value
  AND (:project_id IS NULL OR nodes.project_id = :project_id)
  AND (:node_type IS NULL OR nodes.node_type = :node_type)
  AND (:status IS NULL OR nodes.spoken_status = :status)
  AND (:label IS NULL OR EXISTS (SELECT 1 FROM json_each(nodes.labels) WHERE value = :label))
  AND (:goal_id IS NULL OR :goal_id IN (
      WITH RECURSIVE up (id) AS (
          SELECT nodes.parent_id
          UNION ALL
          SELECT above.parent_id FROM up CROSS JOIN nodes above WHERE above.id = up.id
      )
      SELECT id FROM up
  ))

-- name: notes_of
SELECT sessions.key, handoff_notes FROM json_each(:keys) wanted CROSS JOIN sessions WHERE sessions.key = wanted.value
