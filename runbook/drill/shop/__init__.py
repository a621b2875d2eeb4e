"""The practice shop: the code that the drill deploys, as it is in its last good state."""
