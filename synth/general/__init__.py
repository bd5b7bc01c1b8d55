"""General tasks: errands and plans in compiled worlds."""
