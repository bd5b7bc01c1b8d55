"""Tasks out of nothing: authors, the checks that admit a task, and the funnel between them."""
