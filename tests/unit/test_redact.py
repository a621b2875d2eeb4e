"""Secrets are masked before screen, record and report; ordinary lines are left alone."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.logs.clean import clean, redact, redact_lines

BESIDE = "before ‹masked› after"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("remote: ghp_" + "a1B2" * 9, "a1B2a1B2"),
        ("use github_pat_11AAAA" + "b" * 30, "bbbb"),
        ("glpat-abcdefghij1234567890 x", "abcdefghij"),
        ("key AKIAIOSFODNN7EXAMPLE", "IOSFODNN"),
        ("ASIAIOSFODNN7EXAMPLE", "IOSFODNN"),
        ("xoxb-123456-abcdefgh", "abcdefgh"),
        ("AIza" + "S" * 35, "SSSS"),
        (f"cookie={JWT};", "c2lnbmF0dXJl"),
        ("-----BEGIN RSA PRIVATE KEY----- MIIEow", "MIIEow"),
        ("postgres://app:hunter2@db/x", "hunter2"),
        ("postgres://app:hu@nter2@db/x", "nter2"),
        ("redis://:hunter2@localhost:6379/0", "hunter2"),
        ("https://0123456789abcdef0123@example.test/x", "0123456789"),
        ("Authorization: Bearer abc", "abc"),
        ("-H 'authorization: Basic dXNlcjpw'", "dXNlcjpw"),
        ("Authorization: AWS4-HMAC-SHA256 Credential=AK, Signature=f00", "f00"),
        ("DB_PASSWORD=hunter2", "hunter2"),
        ("password: hunter2", "hunter2"),
        ("login?user=a&token=hunter2&x=1", "hunter2"),
        ('{"client_secret": "hun\\"ter2", "b": 1}', "ter2"),
        ("AWS_SECRET_ACCESS_KEY=hunter2", "hunter2"),
        ("api_key='hun ter2' x", "ter2"),
        (r'{"log":"{\"user\":\"ana\",\"password\":\"hunter2\"}\n"}', "hunter2"),
        (r'msg="in \"{\\\"token\\\":\\\"hunter2\\\"}\""', "hunter2"),
        ("mysql -uroot -phunter2 shop", "hunter2"),
        ("mysqldump -h db -p'hunter2' shop", "hunter2"),
        ("sshpass -p hunter2 ssh web-1", "hunter2"),
        ("curl -sS -u admin:hunter2 https://api/x", "hunter2"),
        ("vercel --token hunter2 rollback", "hunter2"),
        ("deploy --admin-password 'hun ter2' now", "ter2"),
        ("sk_" + "test_4eC39HqLyjWDarjtT1zdp7dc", "4eC39Hq"),
        ("key sk-" + "ant-api03-abcdef0123456789abcdef", "abcdef0123"),
        ("hf_" + "aB3" * 12, "aB3aB3"),
        ("POST https://hooks.slack.com/services/T0AB/B0CD/hunter2hunter2", "hunter2"),
        ("Set-Cookie: session=hunter2; Path=/; HttpOnly", "hunter2"),
        ('{"headers":{"cookie":"sid=hunter2; a=b"}}', "hunter2"),
        ("X-Auth-Token: hunter2", "hunter2"),
        ('"x-api-key": "hunter2"', "hunter2"),
        ("DB_PASS=hunter2", "hunter2"),
        ('{"user":"ana","pass":"hunter2"}', "hunter2"),
        ("user=ana pass=hunter2", "hunter2"),
        ("redis-cli -h cache -a hunter2 ping", "hunter2"),
        ('headers.cookie="sid=hunter2; a=b" status=200', "hunter2"),
        ('req.set-cookie=["sid=hunter2; Path=/"]', "hunter2"),
        ('{"smtp_pass": "hunter2"}', "hunter2"),
        ("DefaultEndpoint;AccountKey=hunter2==;Suffix=x", "hunter2"),
        ("GET /c?sv=2020&sig=hunter2hunter2&se=1", "hunter2"),
    ],
)
def test_a_secret_by_its_shape(line: str, secret: str) -> None:
    masked = redact(line)
    assert secret not in masked
    assert "‹masked›" in masked
    assert redact(masked) == masked


@pytest.mark.parametrize(
    "line",
    [
        "03:14:21 ERROR checkout TypeError: cannot read 'total'",
        "SyntaxError: unexpected token: identifier",
        "GET https://shop.test:8080/a?mail=a@b.test 200",
        "ssh://git@github.test/team/shop",
        "vercel rollback --token=$VERCEL_TOKEN",
        "sha256 " + "ab" * 32,
        "ab" * 32,
        "keyboard monkey tokenizer",
        "12 tests pass=11 fail=1, bypass=on pass=true",
        "cookie=on redis-cli -a $REDIS_PASSWORD ping",
        "PWD=/srv/shop pwd: /srv/shop",
        'vercel rollback --token "$VERCEL_TOKEN" && deploy --token <token> --password -v',
        'mysql -u root -p shop -P3306 -p"$MYSQL_PWD"',
        "curl -u $USER:$SECRET https://api; docker run -u 1000:1000 shop",
        "kubectl create secret generic shop --dry-run=client",
        "disk-usage-of-the-volume-is-91-percent task-with-a-long-name-2026",
        "-H 'X-Auth-Token: $TOKEN'",
        'curl -H "Authorization: Bearer $STATUS_TOKEN" https://status.shop.test',
        "design=a&signal=12345678",
        "max_token: 4096, key: users:42",
    ],
)
def test_ordinary_lines_stay(line: str) -> None:
    assert redact(line) == line


def test_what_follows_a_secret_can_be_read() -> None:
    assert redact("GET /?token=abc&page=2 status=500") == "GET /?token=‹masked›&page=2 status=500"
    assert redact("Authorization: Bearer abc status=500") == "Authorization: Bearer ‹masked› status=500"


@given(
    st.text(min_size=8, max_size=30).filter(lambda text: clean(text) == text and text not in "before ‹masked› after")
)
@settings(max_examples=100)
def test_an_exact_secret_in_every_form(secret: str) -> None:
    known = (secret,)
    basic = base64.b64encode(f"user:{secret}".encode()).decode().rstrip("=")
    for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()):
        assert form.rstrip("=") not in redact(f"before {form} after", known)
    assert basic not in redact(basic, known)


@pytest.mark.parametrize("user", ["", "u", "us", "use", "user"])
def test_nothing_but_a_border_of_an_encoded_secret_is_left(user: str) -> None:
    secret = "correct-horse-battery"
    encoded = base64.b64encode(f"{user}:{secret}".encode()).decode()
    begin = 8 * len(f"{user}:")
    whole = (begin + 8 * len(secret)) // 6 - -(-begin // 6)
    left = redact(encoded, (secret,)).split("‹masked›")
    assert sum(map(len, left)) == len(encoded) - whole, "only characters that share bits with a neighbour"


def test_short_values_do_not_blind_the_screen() -> None:
    assert redact("deploy to prod", ("prod",)) == "deploy to prod"


def test_colour_inside_a_secret_does_not_hide_it() -> None:
    assert "hunter22" not in redact(clean("x hunt\x1b[1mer22"), ("hunter22",))


def test_a_secret_cut_by_the_limit() -> None:
    line = clean("x" * 20 + "correct-horse-battery" + "y" * 4000, 45)
    assert "correct" in line
    assert "correct" not in redact(line, ("correct-horse-battery",))


def test_the_body_of_a_private_key() -> None:
    lines = ["a", "-----BEGIN PRIVATE KEY-----", "MIIE", "q2w=", "-----END PRIVATE KEY-----", "b"]
    assert redact_lines(lines) == ("a", "‹masked›", "‹masked›", "‹masked›", "‹masked›", "b")
    assert redact("M" * 63 + "x") == "‹masked›"
