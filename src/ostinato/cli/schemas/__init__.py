"""What `--json` prints, as JSON Schemas: the words they are said in, the things, and the document of each verb."""
