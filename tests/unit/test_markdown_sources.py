"""Which machine a document's numbers are asked of: the one it means, or none."""

from __future__ import annotations

import pytest

from runbook.model import Runbook
from runbook.reading import markdown
from runbook.signal_sources import Health, HttpJson
from runbook.signals.criteria import parse
from runbook.steps import effects


def read(*parts: tuple[str, str]) -> Runbook:
    text = "\n".join(f"## {heading}\n\n```bash\n{lines}\n```\n" for heading, lines in parts)
    return markdown.loads(
        f"# Rollback\n\n{text}", "ROLLBACK.md", parse_criterion=parse, infer=effects.infer, kind_of=effects.kind
    )


def health(*parts: tuple[str, str]) -> str | None:
    sources = [signal.source for signal in read(*parts).signals if signal.id == "health"]
    return sources[0].url if sources and isinstance(sources[0], Health) else None


SHOP = "https://shop.example/health"


@pytest.mark.parametrize(
    ("lines", "url"),
    [
        (f"curl {SHOP}", SHOP),
        (f"curl -fsS \\\n  {SHOP}", SHOP),
        (f"watch -n 5 'curl -s {SHOP} | jq'", SHOP),
        (f"curl -f {SHOP} && curl -f https://shop.example/ready", SHOP),
        (f'URL={SHOP}\ncurl "$URL"', SHOP),
        ("curl http://localhost:8080/health", "http://localhost:8080/health"),
        ("ssh web-1 curl -s http://localhost:8080/health", None),
        ("ssh web-1\ncurl -s http://localhost:8080/health", None),
        (f"ssh -t web-1\nsystemctl restart shop\nexit\ncurl {SHOP}", SHOP),
        (f"ssh web-1 systemctl restart shop\ncurl {SHOP}", SHOP),
        ("kubectl exec deploy/shop -- curl http://127.0.0.1:3000/health", None),
        ("kubectl exec -it deploy/shop -- sh\ncurl http://127.0.0.1:3000/health", None),
        ("docker compose exec shop curl http://localhost/health", None),
        ("deploy@web-1:~$ curl http://localhost:8080/health", None),
        ("ssh web-1 <<EOF\ncurl http://localhost:8080/health\nEOF", None),
        (
            "ssh web-1 <<EOF\nsystemctl restart shop\nEOF\ncurl http://localhost:8080/health",
            "http://localhost:8080/health",
        ),
        (f"#!/bin/bash\nset -e\ncurl -f {SHOP}", SHOP),
        (f"# Never run this:\ncurl https://old.example/health\n# Look:\ncurl {SHOP}", SHOP),
        (f"# Staging\ncurl https://a.example/health\n\n# Production\ncurl {SHOP}", SHOP),
        ("docker run --rm curlimages/curl http://shop:8080/health", None),
        (f"ssh web-1 curl -s http://localhost:8080/health\ncurl {SHOP}", SHOP),
        (f"curl http://localhost:8080/health\ncurl {SHOP}", SHOP),
        ("curl http://localhost:8081/health  # blue\ncurl http://localhost:8082/health  # green", None),
        (f"curl {SHOP}\ncurl https://pay.example/health", None),
        (f"curl https://pay.example/health\ncurl {SHOP} # production", SHOP),
        ("curl https://a.example/health\ncurl https://prod.b.example/health", "https://prod.b.example/health"),
        ("curl https://shop.dev/health", "https://shop.dev/health"),
        ("curl https://staging.shop.example/health", "https://staging.shop.example/health"),
        ("curl https://[::bad/health", None),
    ],
)
def test_the_health_endpoint_is_asked_from_here_and_of_one_host(lines: str, url: str | None) -> None:
    assert health(("Verification", lines)) == url


@pytest.mark.parametrize(
    "host", ["staging.shop.example", "shop-staging.example", "qa2.shop.example", "dev.shop.example"]
)
def test_production_is_asked_though_a_rehearsal_comes_first(host: str) -> None:
    assert health(("Prerequisites", f"curl https://{host}/health"), ("Steps", f"curl {SHOP}")) == SHOP


@pytest.mark.parametrize("host", ["devices.shop.example", "latest.shop.example"])
def test_a_name_that_only_sounds_like_a_rehearsal_leaves_the_choice_open(host: str) -> None:
    assert health(("Steps", f"curl https://{host}/health\ncurl {SHOP}")) is None


def test_of_two_hosts_the_one_that_verifies_is_meant() -> None:
    assert health(("Steps", "curl https://pay.example/health"), ("Verification", f"curl {SHOP}")) == SHOP
    assert health(("Steps", f"curl {SHOP}"), ("Rollback steps", "curl https://pay.example/health")) is None


def test_a_number_that_another_machine_reads_is_no_signal_of_this_one() -> None:
    def read_by(lines: str) -> list[str]:
        found = read(("Verification", lines)).signals
        return [signal.source.url for signal in found if isinstance(signal.source, HttpJson)]

    assert read_by("curl -s https://shop.example/metrics | jq '.errors'") == ["https://shop.example/metrics"]
    assert read_by("ssh web-1 curl -s http://localhost:8080/metrics | jq '.errors'") == []
