"""What a runbook says and what is wrong with it, before the night it is needed."""
