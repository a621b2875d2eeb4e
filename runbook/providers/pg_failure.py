"""What the error output of PostgreSQL's programs means, with the mend."""

from __future__ import annotations

import re

_MEANINGS: tuple[tuple[str, str], ...] = (
    (
        r"password authentication failed",
        "The server refuses the password. Put the right one into ~/.pgpass (mode 0600) or PGPASSWORD.",
    ),
    (
        r"no password supplied",
        "The server wants a password, and none is there. Put it into ~/.pgpass (mode 0600) or PGPASSWORD.",
    ),
    (
        r"no pg_hba\.conf entry",
        "The server lets nobody in from here as this user. Go by a host that it trusts, or ask whoever runs it.",
    ),
    (
        r"Connection refused|No such file or directory\s+Is the server|could not translate host",
        "No server answers at this host and port. Look at both, and whether the server runs.",
    ),
    (
        r"timeout expired|Connection timed out",
        "The server did not answer in time. Look at host, port and firewall.",
    ),
    (
        r"is being accessed by other users|accessed by other",
        "Somebody is still connected, so it can be neither renamed, copied nor dropped. Close it to new "
        "sessions, end those that are left, and try again.",
    ),
    (
        r'database "([^"]*)" does not exist',
        "There is no database {0} on this server. Look at the name.",
    ),
    (
        r'database "([^"]*)" already exists',
        "There is a database {0} already. Choose another name; look at what it holds before you drop it.",
    ),
    (
        r'role "([^"]*)" does not exist',
        "The server knows no role {0}. Make it first, or restore with --no-owner.",
    ),
    (
        r'relation "([^"]*)" already exists',
        "{0} is there already: the database was not empty. Restore into a new one.",
    ),
    (
        r"No space left on device|could not extend file",
        "A disk is full. Make room, or use another one; nothing of an unfinished transaction stays.",
    ),
    (
        r"permission denied to create database",
        "This user may make no database. Use one that has CREATEDB.",
    ),
    (
        r"must be owner of|permission denied",
        "This user may not do that. Use the owner of the database.",
    ),
    (
        r"server version mismatch",
        "The client is older than the server. Use a client of the server's major version or newer.",
    ),
    (
        r"unsupported version \(",
        "The dump was made by a newer pg_dump. Use a pg_restore of that version.",
    ),
    (
        r"could not read from input file|unexpected end of file|input file is too short"
        r"|not appear to be a valid archive|corrupt",
        "The dump is cut off or damaged. Nothing can be restored from it; use another one.",
    ),
    (
        r"text format dump",
        "The dump is a plain script: psql -f carries it out.",
    ),
    (
        r"lock timeout|canceling statement due to lock",
        "Another transaction holds a table for too long. See who in pg_stat_activity.",
    ),
    (
        r"statement timeout",
        "The statement took longer than the server allows (statement_timeout).",
    ),
    (
        r"terminating connection|server closed the connection",
        "The server ended the connection. Nothing of an unfinished transaction stays; look at its log.",
    ),
    (
        r'invalid URI query parameter: "([^"]*)"',
        "PostgreSQL's programs refuse `{0}` in an address: it is Prisma's own word. Leave it out.",
    ),
    (
        r"too many clients|remaining connection slots",
        "The server has no connection left. End idle ones, or wait.",
    ),
    (
        r"read-only transaction",
        "This server takes no changes: it is a replica or set to read only. Name the primary.",
    ),
)


def meaning(output: str) -> str:
    """A sentence with the mend; empty where the output tells nothing."""
    for pattern, sentence in _MEANINGS:
        if found := re.search(pattern, output, re.IGNORECASE):
            return sentence.format(*found.groups())
    return ""
