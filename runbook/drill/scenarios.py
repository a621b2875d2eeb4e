"""The scenarios of the drill: what goes wrong in the practice production, and what mends it."""

from __future__ import annotations

from runbook.model import Record


class Scenario(Record, frozen=True):
    """One way in which the practice production is broken."""

    name: str
    description: str
    severity: str
    title: str
    trigger: str
    """Which trigger of the shipped runbook it sets off, in words."""
    mend: str


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="bad-deploy",
        description="A release makes about a quarter of all requests fail with a TypeError.",
        severity="SEV2",
        title="A quarter of all requests fail since the last release",
        trigger="error rate above 5 %",
        mend="Revert the bad commit, or roll back to the tag before.",
    ),
    Scenario(
        name="slow",
        description="A release makes every eighth request wait about 6 seconds.",
        severity="SEV2",
        title="Checkout takes six seconds since the last release",
        trigger="p95 above 5 s",
        mend="Revert the bad commit, or roll back to the tag before.",
    ),
    Scenario(
        name="outage",
        description="A release points the shop at a cache that is not there: every page answers 500.",
        severity="SEV1",
        title="The shop is down: every page answers 500",
        trigger="homepage returning 500, Redis completely down",
        mend="Roll back to the tag before, or revert the bad commit.",
    ),
    Scenario(
        name="flapping",
        description="A release makes the shop fail and recover every few seconds.",
        severity="SEV2",
        title="The shop fails and comes back, again and again",
        trigger="health check failing intermittently",
        mend="Revert the bad commit, or roll back to the tag before.",
    ),
    Scenario(
        name="cloud",
        description="Production runs on a host that speaks Vercel's API; a release breaks a quarter of all requests.",
        severity="SEV2",
        title="A quarter of all requests fail since the last deployment",
        trigger="error rate above 5 %",
        mend="Restore the deployment before with the vercel program (npm i -g vercel), or mend it in git.",
    ),
    Scenario(
        name="bad-migration",
        description="A release renames a column of the database that the code still asks for: most pages answer 500.",
        severity="SEV1",
        title="Most pages answer 500 since the last release migrated the database",
        trigger="error rate above 5 %, database integrity",
        mend="Take the migration back by its down script (method 4; on PostgreSQL 4c, or 4a by a dump)."
        " Going back in git alone does not help.",
    ),
    Scenario(
        name="cdn",
        description="A release keeps the CDN from caching any page: all requests travel to the shop itself.",
        severity="SEV2",
        title="The homepage is slow and the shop gets all requests itself",
        trigger="CDN HIT rate below 20 %",
        mend="Revert the bad commit, or roll back to the tag before; the cache fills again by itself.",
    ),
    Scenario(
        name="silent",
        description="A release breaks a quarter of all requests and stores figures that the code before cannot read.",
        severity="SEV2",
        title="A quarter of all requests fail since quotes are counted by country",
        trigger="error rate above 5 %",
        mend="Going back mends the shop and takes the metrics away: nothing measures it, so the verdict stays unknown."
        " Health and the log are there to be looked at.",
    ),
    Scenario(
        name="wrong-diagnosis",
        description="The commit that looks guilty is innocent: reverting it does not help.",
        severity="SEV2",
        title="Checkout fails since 'New checkout flow' was released",
        trigger="error rate above 5 %",
        mend="Roll back to the tag before, or revert the quiet commit of the same release.",
    ),
)


def scenario(name: str) -> Scenario:
    """Raises KeyError for a name that is not in the list."""
    return {each.name: each for each in SCENARIOS}[name]
