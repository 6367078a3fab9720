-- Sessions that nobody has ended, and claims that nobody gave back, with the process that they belong to.

-- name: open
SELECT sessions.id, sessions.goal_id, projects.name, sessions.host, sessions.boot, sessions.pid, sessions.started
FROM sessions JOIN projects ON projects.id = sessions.project_id
WHERE sessions.ended_at IS NULL
ORDER BY sessions.started_at, sessions.id

-- name: claims
-- The loop's claims; those by hand have no token, no lease and no process.
SELECT claims.task_id, claims.agent, projects.name, claims.host, claims.boot, claims.pid, claims.started,
       coalesce(claims.lease_until <= :now, 0) AS expired
FROM claims JOIN nodes ON nodes.id = claims.task_id JOIN projects ON projects.id = nodes.project_id
WHERE claims.token IS NOT NULL
ORDER BY claims.token
