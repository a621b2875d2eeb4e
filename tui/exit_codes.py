"""What the program's exit code tells a script."""

OK = 0
NOT_OK = 1
"""The thing asked about is not fine."""
USAGE = 2
"""Wrong words on the command line, or input that cannot be read."""
