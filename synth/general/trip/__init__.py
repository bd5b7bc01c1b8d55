"""Trip planning: requests of travellers as constraints, their authors and their proofs."""
