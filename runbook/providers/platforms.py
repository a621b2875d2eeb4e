"""Every platform that warroom knows, as providers."""

from __future__ import annotations

from runbook.providers.kubernetes import Kubernetes
from runbook.providers.on_platform import OnPlatform
from runbook.providers.postgres import Postgres
from runbook.providers.provider import Provider

PLATFORMS: tuple[Provider, ...] = (*(OnPlatform(platform) for platform in (Kubernetes(),)), Postgres())
