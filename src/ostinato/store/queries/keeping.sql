-- What the database is made of: for backups, and for the doctor.

-- name: tables
-- Ordinary tables, without the search indexes and what is inside them.
SELECT name FROM pragma_table_list
WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
ORDER BY name

-- name: sizes
-- Bytes on disk by table, its indexes with it, and the inner tables of a search index with that.
SELECT coalesce(outer_table.name, inner_table.tbl_name, pages.name) AS name, sum(pages.pgsize) AS bytes
FROM dbstat pages
LEFT JOIN sqlite_master inner_table ON inner_table.name = pages.name
LEFT JOIN sqlite_master outer_table
       ON outer_table.sql LIKE 'CREATE VIRTUAL TABLE%' AND pages.name IN
          (outer_table.name || '_data', outer_table.name || '_idx', outer_table.name || '_docsize',
           outer_table.name || '_config', outer_table.name || '_content')
WHERE pages.aggregate = TRUE
GROUP BY 1

-- name: projects
SELECT id FROM projects ORDER BY id

-- name: without_standing
SELECT id FROM nodes WHERE key NOT IN (SELECT key FROM standings) ORDER BY key LIMIT 20

-- name: loose_children
SELECT id, parent_id FROM nodes
WHERE parent_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM edges
                  WHERE edges.from_id = nodes.parent_id AND edges.edge_type = 'contains' AND edges.to_id = nodes.id)
ORDER BY key
LIMIT 20
