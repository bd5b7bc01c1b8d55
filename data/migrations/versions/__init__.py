"""One module a revision, named after it; each knows how to go up and how to come back."""
