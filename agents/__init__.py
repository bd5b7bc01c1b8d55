"""The tool-use loop, models, scripted policies and rollouts; knows no kind."""
