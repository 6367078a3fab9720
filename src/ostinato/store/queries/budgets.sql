-- Budgets of goals and tasks, their accounts, and the calls that are under way.

-- name: set
INSERT INTO budgets (node_id, tokens, cost_usd, seconds) VALUES (:node_id, :tokens, :cost_usd, :seconds)
ON CONFLICT (node_id) DO UPDATE SET
    tokens = excluded.tokens, cost_usd = excluded.cost_usd, seconds = excluded.seconds

-- name: get
SELECT tokens, cost_usd, seconds FROM budgets WHERE node_id = :node_id

-- name: forget_warnings
DELETE FROM budget_warnings WHERE node_id = :node_id

-- name: warn
INSERT INTO budget_warnings (node_id, name) VALUES (:node_id, :name) ON CONFLICT DO NOTHING RETURNING name

-- name: account
SELECT model, calls, tokens, cost_usd, unpriced, seconds FROM accounts WHERE node_id = :node_id ORDER BY model

-- name: reserved
SELECT count(*) AS calls, coalesce(sum(tokens), 0) AS tokens, coalesce(sum(cost_usd), 0.0) AS cost_usd,
       count(*) - count(cost_usd) AS unpriced
FROM reservations WHERE node_id = :node_id

-- name: chain
-- The node that a call is made for and all above it, the nearest first, each with its budget and what is used of it.
WITH RECURSIVE chain (id, node_type, project_id, parent_id, depth) AS (
    SELECT id, node_type, project_id, parent_id, 0 FROM nodes WHERE id = :node_id
    UNION ALL
    SELECT nodes.id, nodes.node_type, nodes.project_id, nodes.parent_id, chain.depth + 1
    FROM chain CROSS JOIN nodes ON nodes.id = chain.parent_id
)
SELECT chain.id, chain.node_type, chain.project_id, budgets.tokens AS most_tokens, budgets.cost_usd AS most_cost,
       budgets.seconds AS most_seconds,
       (SELECT coalesce(sum(tokens), 0) FROM accounts WHERE node_id = chain.id)
       + (SELECT coalesce(sum(tokens), 0) FROM reservations WHERE node_id = chain.id) AS tokens,
       (SELECT coalesce(sum(cost_usd), 0.0) FROM accounts WHERE node_id = chain.id)
       + (SELECT coalesce(sum(cost_usd), 0.0) FROM reservations WHERE node_id = chain.id) AS cost_usd,
       (SELECT coalesce(sum(seconds), 0.0) FROM accounts WHERE node_id = chain.id) AS seconds
FROM chain LEFT JOIN budgets ON budgets.node_id = chain.id
ORDER BY chain.depth

-- name: reserve
INSERT INTO reservations (owner_id, step, node_id, tokens, cost_usd)
VALUES (:owner_id, :step, :node_id, :tokens, :cost_usd)
ON CONFLICT (owner_id, step, node_id) DO UPDATE SET tokens = excluded.tokens, cost_usd = excluded.cost_usd

-- name: release
DELETE FROM reservations WHERE owner_id = :owner_id AND step = :step RETURNING node_id

-- name: charge
INSERT INTO accounts (node_id, model, calls, tokens, cost_usd, unpriced, seconds)
VALUES (:node_id, :model, :calls, :tokens, :cost_usd, :unpriced, :seconds)
ON CONFLICT (node_id, model) DO UPDATE SET
    calls = calls + excluded.calls, tokens = tokens + excluded.tokens, cost_usd = cost_usd + excluded.cost_usd,
    unpriced = unpriced + excluded.unpriced, seconds = seconds + excluded.seconds

-- name: above
WITH RECURSIVE chain (id, parent_id) AS (
    SELECT id, parent_id FROM nodes WHERE id = :node_id
    UNION ALL
    SELECT nodes.id, nodes.parent_id FROM chain CROSS JOIN nodes ON nodes.id = chain.parent_id
)
SELECT id FROM chain
