"""What a repository's own files say about making it usable and proving it: the proposal of `ostinato init`."""
