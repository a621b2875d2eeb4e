"""How well the Markdown reader does on runbooks that other teams wrote, against a truth made by reading them."""
