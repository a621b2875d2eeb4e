"""Whether this machine could carry out the rollback tonight: asked of the machine and the world, changing neither."""
