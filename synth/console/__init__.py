"""How the terminal shows records: rich renderables and live progress. Decides nothing."""
