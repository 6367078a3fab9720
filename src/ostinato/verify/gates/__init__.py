"""Gates that read what a change adds as code: placeholders, swallowed errors, empty tests, copies."""

GATES = ("stubs", "errors", "tests", "clones")
"""All gates: placeholder bodies, swallowed errors, tests that assert nothing, copies of code that exists."""
