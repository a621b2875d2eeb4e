"""Which database a command means: its own words first, then the environment, as libpq decides it.

A password is only ever handed on in the environment of a question; nothing here shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from runbook.logs.clean import clean
from runbook.model import Record
from runbook.providers.calls import Call

_LONG = [
    "--host",
    "--port",
    "--username",
    "--dbname",
    "--file",
    "--command",
    "--set",
    "--variable",
    "--output",
    "--format",
    "--jobs",
    "--table",
    "--exclude-table",
    "--schema",
    "--exclude-schema",
    "--compress",
    "--exclude-table-data",
    "--encoding",
    "--use-list",
    "--locale",
    "--owner",
    "--tablespace",
    "--superuser",
    "--pset",
    "--record-separator",
    "--field-separator",
    "--log-file",
    "--table-attr",
    "--role",
    "--section",
    "--snapshot",
    "--template",
    "--strategy",
    "--lc-collate",
    "--lc-ctype",
    "--locale-provider",
    "--icu-locale",
    "--icu-rules",
    "--extension",
    "--exclude-extension",
    "--filter",
    "--include-foreign-data",
    "--table-and-children",
    "--exclude-table-and-children",
    "--exclude-table-data-and-children",
    "--rows-per-insert",
    "--extra-float-digits",
    "--transaction-size",
    "--sync-method",
    "--maintenance-db",
    "--lock-wait-timeout",
    "--index",
    "--function",
    "--trigger",
]
_SHORT = {
    "psql": "hpUdcfvoLFRTP",
    "pg_dump": "hpUdfFjtTnNZESe",
    "pg_restore": "hpUdfFjtnNLSIPT",
    "createdb": "hpUEDlOTS",
    "dropdb": "hpU",
}
"""The letters of each program that take a value: the same letter means another thing in another one."""
_SETTINGS = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
    "channel_binding": "PGCHANNELBINDING",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
_KNOWN = """
connect_timeout application_name fallback_application_name client_encoding replication requirepeer require_auth ssl
requiressl sslnegotiation sslcompression sslpassword sslcertmode sslcrl sslcrldir sslsni ssl_min_protocol_version
ssl_max_protocol_version min_protocol_version max_protocol_version gssencmode gsslib gssdelegation krbsrvname
keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout load_balance_hosts scram_client_key
scram_server_key sslkeylogfile servicefile oauth_issuer oauth_client_id oauth_client_secret oauth_scope
"""
_OTHER = frozenset(_KNOWN.split())
"""What else libpq takes in an address: it does not say which database is meant."""
_URL = re.compile(
    r"\w+://(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?"
    r"(?P<hosts>[^/?]*)(?:/(?P<dbname>[^?]*))?(?:\?(?P<query>.*))?\Z",
    re.DOTALL,
)
_HOST = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>.*))?\Z")
_NOTHING: Mapping[str, str] = {}
_PAIR = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']*)")


class Where(Record, frozen=True):
    """A database and the way to it: `env` is a whole environment for libpq's programs, the password in it."""

    env: dict[str, str]
    refused: str = ""
    """A word of the address that libpq does not take, such as Prisma's `schema`."""
    schema: str = ""
    """The schema that a Prisma address names."""
    named: dict[str, str] = {}
    """What the command itself says, in libpq's words and without a password: it counts more than a service's file, and
    that more than the environment."""

    @property
    def database(self) -> str:
        return self.env.get("PGDATABASE") or self.user

    @property
    def user(self) -> str:
        return self.env.get("PGUSER") or self.env.get("USER") or self.env.get("LOGNAME") or ""

    @property
    def server(self) -> str:
        """Host and port as a person names them; where a service's file says them, the service."""
        if self._service:
            return clean(f"the service {self._service}", 120)
        host = self.env.get("PGHOST") or self.env.get("PGHOSTADDR") or "the local socket"
        return clean(f"{host}:{self.env.get('PGPORT') or '5432'}", 120)

    @property
    def is_here(self) -> bool:
        """Whether the server is this machine's own."""
        host = self.env.get("PGHOST", "")
        if self._service:
            return False
        return not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")

    def other(self, database: str) -> Where:
        """Another database of the same server."""
        named = self.named | {"dbname": database}
        return Where(env=self.env | {"PGDATABASE": database}, schema=self.schema, named=named)

    @property
    def _service(self) -> str:
        """The service whose file says where the server is; empty where the command does."""
        return "" if "host" in self.named else self.env.get("PGSERVICE", "")


class Given(Record, frozen=True):
    """A call's words as getopt reads them: letters in one word told apart, long options by their whole name."""

    plain: tuple[str | None, ...]
    options: tuple[tuple[str, str | None], ...]

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)

    def every(self, *names: str) -> tuple[str | None, ...]:
        return tuple(value for name, value in self.options if name in names)

    def last(self, *names: str) -> str | None:
        """Empty where it is not given, None where the shell decides it."""
        return (self.every(*names) or ("",))[-1]


def given(call: Call) -> Given:
    """The words of a call of one of libpq's programs."""
    letters, plain, options = _SHORT[call.program], list[str | None](), list[tuple[str, str | None]]()
    rest = iter(call.words)
    for word in rest:
        if word == "--":
            plain += rest
        elif word is None or not word.startswith("-") or word == "-":
            plain.append(word)
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            options.append((name, value if equals else next(rest, "") if name in _LONG else ""))
        else:
            for place, letter in enumerate(word[1:], 2):
                if letter in letters:
                    options.append((f"-{letter}", word[place:] or next(rest, "")))
                    break
                options.append((f"-{letter}", ""))
    return Given(plain=tuple(plain), options=tuple(options))


def where(said: Given, env: Mapping[str, str], database: str | None) -> Where | None:
    """The database of a call; `database` is the one among its plain words. None where the shell decides it."""
    named: dict[str, str] = {}
    for word, short, long in (("host", "-h", "--host"), ("port", "-p", "--port"), ("user", "-U", "--username")):
        value = said.last(short, long)
        if value is None:
            return None
        named |= {word: value} if value else {}
    chosen = said.last("-d", "--dbname") if said.has("-d", "--dbname") else database
    if chosen is None:
        return None
    if "://" in chosen or "=" in chosen:
        return at_address(chosen, env, named)
    return _at(named | ({"dbname": chosen} if chosen else {}), env)


def at_address(address: str, env: Mapping[str, str], named: Mapping[str, str] = _NOTHING) -> Where:
    """The database of a URL or of `host=… dbname=…`; what only Prisma knows in it is left out and said."""
    words = _of_url(address) if "://" in address else _of_pairs(address)
    known = {name: value for name, value in words.items() if name in _SETTINGS and value}
    refused = next((name for name in words if name not in _SETTINGS and name not in _OTHER), "")
    found = _at({**named, **known}, env)
    return Where(env=found.env, named=found.named, refused=refused, schema=words.get("schema", ""))


def _at(named: Mapping[str, str], env: Mapping[str, str]) -> Where:
    """In the environment too, where every one of libpq's programs finds it, the password only there."""
    settings = {_SETTINGS[name]: value for name, value in named.items()}
    return Where(env=dict(env) | settings, named={k: v for k, v in named.items() if k != "password"})


def _of_url(address: str) -> dict[str, str]:
    """As libpq reads it: several hosts, and a password with `#` or `?` in it, are no mistakes there."""
    parts = _URL.match(address)
    if parts is None:
        return {}
    hosts = [_HOST.match(one) for one in parts["hosts"].split(",")]
    ports = [one["port"] or "" for one in hosts if one]
    found = {
        "host": unquote(",".join(one["host"].strip("[]") for one in hosts if one)),
        "port": ",".join(ports) if any(ports) else "",
        **{name: unquote(parts[name] or "") for name in ("user", "password", "dbname")},
    }
    return found | dict(parse_qsl(parts["query"] or "", keep_blank_values=True))


def _of_pairs(text: str) -> dict[str, str]:
    return {name: re.sub(r"\\(.)", r"\1", value.strip("'")) for name, value in _PAIR.findall(text)}
