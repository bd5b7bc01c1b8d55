"""Training of the bundled model in jobs of minutes: whatever ends a job, the next one goes on.

`recipe` says what is trained, `batches` what it sees, `loop` runs, `checkpoint` saves, `evaluate`
measures. `python -m model.train --help` is the command line.
"""
