-- Budgets: what a goal or a task may use, what it has used, and what calls under way may still use.
--
-- A call counts for the node that it is made for and for all nodes above it, so that a budget covers what lies beneath.
-- `accounts` holds running sums: asking whether a call may be made costs the same after a million calls. A reservation
-- that its process did not settle stays, and counts as spent: nobody knows what the provider bills for it.

CREATE TABLE budgets (
    node_id  TEXT PRIMARY KEY REFERENCES nodes (id) ON DELETE CASCADE,
    tokens   INTEGER,
    cost_usd REAL,
    seconds  REAL
);

-- `unpriced` counts the calls whose cost nobody knows: `cost_usd` is then the least that was spent.
CREATE TABLE accounts (
    node_id  TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    model    TEXT NOT NULL,
    calls    INTEGER NOT NULL DEFAULT 0,
    tokens   INTEGER NOT NULL DEFAULT 0,
    cost_usd REAL NOT NULL DEFAULT 0,
    unpriced INTEGER NOT NULL DEFAULT 0,
    seconds  REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (node_id, model)
);

CREATE TABLE reservations (
    owner_id TEXT NOT NULL,
    step     INTEGER NOT NULL,
    node_id  TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    tokens   INTEGER NOT NULL,
    cost_usd REAL,
    PRIMARY KEY (owner_id, step, node_id)
);
CREATE INDEX reservations_by_node ON reservations (node_id);

-- A warning is given once; a new budget is warned about anew.
CREATE TABLE budget_warnings (
    node_id TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    PRIMARY KEY (node_id, name)
);

-- What was spent before there were accounts: tasks by their attempts, goals by their sessions. Who answered is not told
-- there, so it stands under no model.
INSERT INTO accounts (node_id, model, calls, tokens, cost_usd, unpriced)
SELECT node_id, '', sum(coalesce(json_extract(spending, '$.calls'), 0)),
       sum(coalesce(json_extract(spending, '$.input'), 0) + coalesce(json_extract(spending, '$.output'), 0)),
       sum(coalesce(json_extract(spending, '$.cost_usd'), 0.0)),
       sum(CASE WHEN json_type(spending, '$.cost_usd') = 'null' THEN 1 ELSE 0 END)
FROM (SELECT task_id AS node_id, spending FROM iterations WHERE spending <> '{}'
      UNION ALL SELECT goal_id, spending FROM sessions WHERE spending <> '{}')
GROUP BY node_id;
