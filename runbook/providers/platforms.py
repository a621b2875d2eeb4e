"""Every platform that warroom knows, as providers."""

from __future__ import annotations

from runbook.providers.aws_ecs import Ecs
from runbook.providers.aws_lambda import Lambda
from runbook.providers.cloud_run import CloudRun
from runbook.providers.cloudflare import Cloudflare
from runbook.providers.docker_compose import DockerCompose
from runbook.providers.helm import Helm
from runbook.providers.heroku import Heroku
from runbook.providers.kubernetes import Kubernetes
from runbook.providers.on_platform import OnPlatform
from runbook.providers.platform import Platform
from runbook.providers.postgres import Postgres
from runbook.providers.prisma import Prisma
from runbook.providers.provider import Provider
from runbook.providers.railway import Railway
from runbook.providers.vercel import Vercel

_KEEPING_RELEASES: tuple[Platform, ...] = (
    CloudRun(),
    Cloudflare(),
    DockerCompose(),
    Ecs(),
    Helm(),
    Heroku(),
    Kubernetes(),
    Lambda(),
    Railway(),
    Vercel(),
)
PLATFORMS: tuple[Provider, ...] = (*(OnPlatform(platform) for platform in _KEEPING_RELEASES), Postgres(), Prisma())
