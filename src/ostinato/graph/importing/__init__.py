"""Reading what other programs keep: text → `Imported` values. Pure; `store.importing` brings them into the graph."""
