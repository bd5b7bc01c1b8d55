"""Plan tasks: their authors, their solvers and their proofs."""
