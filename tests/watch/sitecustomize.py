"""Python imports this at its start where this directory is on PYTHONPATH: it watches what the tests start."""

import os

import database_watch

if os.environ.get(database_watch.VARIABLE):
    database_watch.install()
