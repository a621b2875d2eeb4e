"""The ordinary past of the practice repository: the small changes that led to the shop as it is.

Each edit's `after` is in the shop's files as they are shipped. The repository's first commit has
every `before`, and the edits touch different lines, so that they may come in any order.
"""

from __future__ import annotations

from runbook.drill.faults import Edit
from runbook.model import Record


class Change(Record, frozen=True):
    """An ordinary commit: its possible subjects and what it changes."""

    subjects: tuple[str, ...]
    edits: tuple[Edit, ...]


class Author(Record, frozen=True):
    name: str
    email: str
    zone: str


AUTHORS = (
    Author("Maya Lindqvist", "maya@shop.example", "+0100"),
    Author("Tomás Herrera", "tomas@shop.example", "+0000"),
    Author("Priya Raman", "priya@shop.example", "+0530"),
    Author("Jonas Weber", "jonas@shop.example", "+0100"),
    Author("Aiko Mori", "aiko@shop.example", "+0900"),
    Author("Sam Okafor", "sam@shop.example", "+0000"),
    Author("Elena Rossi", "elena@shop.example", "+0100"),
)

ENGINEERS = (("Robin Keller", "robin@shop.example"), ("Alex Novak", "alex@shop.example"))

UNRELEASED_FLAG = Change(
    ("Switch the wish list on", "Open the wish list to everybody"),
    (Edit("app/settings.py", '    "wish_list": False,\n', '    "wish_list": True,\n'),),
)


def _one(path: str, before: str, after: str, *subjects: str) -> Change:
    return Change(subjects, (Edit(path, before, after),))


CHANGES: tuple[Change, ...] = (
    _one("app/settings.py", "MAX_LINES = 25\n", "MAX_LINES = 40\n", "Allow 40 lines in a cart", "Larger carts"),
    _one("app/settings.py", "LIFETIME = 900\n", "LIFETIME = 1800\n", "Keep sessions for half an hour"),
    _one("app/settings.py", "TIMEOUT = 0.5\n", "TIMEOUT = 1.0\n", "Give the cache a second to answer"),
    _one(
        "app/settings.py", "LIMIT_MIB = 384\n", "LIMIT_MIB = 512\n", "Raise the memory limit", "Memory limit: 512 MiB"
    ),
    _one("app/settings.py", "ORDER_DAYS = 14\n", "ORDER_DAYS = 12\n", "Back-orders arrive two days sooner"),
    _one(
        "app/settings.py", "FROM = 100.00\n", "FROM = 80.00\n", "Free shipping from 80", "Lower the free shipping limit"
    ),
    _one("app/settings.py", '"gift_wrap": False', '"gift_wrap": True', "Switch gift wrap on", "Launch gift wrap"),
    Change(
        ("Count slow cache replies", "Cache: keep an eye on slow replies"),
        (
            Edit("app/cache.py", "        self._lock =", "        self.slow_replies = 0\n        self._lock ="),
            Edit(
                "app/cache.py",
                "            return reply\n",
                "            if time.monotonic() - started > SLOW_REPLY:\n"
                "                self.slow_replies += 1\n"
                "            return reply\n",
            ),
        ),
    ),
    _one(
        "app/catalogue.py",
        '    ("lamp-02"',
        '    ("frame-a4", "Oak frame A4", 27.00, 22, 4),\n    ("lamp-02"',
        "Sell oak frames",
        "Add frame-a4 to the catalogue",
    ),
    _one("app/catalogue.py", 'restock FROM product")', 'restock FROM product ORDER BY name")', "List products by name"),
    _one("app/stock.py", "left(sku) < 10", "left(sku) < 25", "Say sooner that few are left", "'few left' below 25"),
    _one(
        "app/pricing.py",
        '    "SPRING10": 10,\n',
        '    "SPRING10": 10,\n    "LOYAL15": 15,\n',
        "Add the loyalty coupon",
        "Coupon for returning customers",
    ),
    _one("app/pricing.py", "{amount:.2f}€", "{amount:.2f} {settings.CURRENCY}", "Show the currency with prices"),
    _one(
        "app/cart.py",
        "    quantity = min(quantity, settings.MAX_QUANTITY)\n",
        "    quantity = max(1, min(quantity, settings.MAX_QUANTITY))\n",
        "Never accept less than one piece",
    ),
    _one("app/cart.py", "empty cart", "the cart is empty", "Say in words that the cart is empty"),
    _one("app/checkout.py", "{next(_numbers)}", "{next(_numbers):06d}", "Order numbers with six digits"),
    _one(
        "app/checkout.py", "any(reserved)", "all(reserved)", "Confirm only what is in stock", "Fix early confirmations"
    ),
    _one("app/projects.py", '"First year")', '"First year", "Recipes")', "Add a recipe book template"),
    _one("app/projects.py", '"pages": 20', '"pages": 24', "Photo books start at 24 pages"),
    _one("app/routes.py", "not signed in", "sign in to see your projects", "Friendlier answer without a session"),
    _one("app/routes.py", "<h1>Shop</h1>", "<h1>Made for you</h1>", "New headline", "Homepage: new headline"),
    _one(
        "app/wsgi.py",
        '    method = environ["REQUEST_METHOD"]\n',
        '    method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]\n',
        "Answer HEAD like GET",
    ),
    _one("app/health.py", "LIMIT_MIB}\n", 'LIMIT_MIB, "used_mib": used}\n', "Show the memory in health"),
    _one("app/sessions.py", "or 'anonymous'", "or 'visitor'", "Call them visitors"),
    _one("Dockerfile", "USER nobody\n", "USER nobody\nENV PYTHONUNBUFFERED=1\n", "Do not buffer logs"),
    _one("Dockerfile", "python:3.11-slim", "python:3.12-slim", "Python 3.12", "Update the base image"),
    _one(
        "docs/oncall.md",
        "- Coupons",
        "- The first request after a deploy is slow.\n- Coupons",
        "Write down why the first request is slow",
    ),
    _one(
        "docs/oncall.md",
        "The shop team first.",
        "The shop team first, the platform team for the cache.",
        "On-call: who owns the cache",
    ),
    _one("README.md", "Any server will do", "Any WSGI server will do", "README: say which server"),
    _one(
        "README.md",
        "Read `docs/oncall.md`.",
        "Read `docs/oncall.md` first, then the rollback runbook.",
        "Link the runbook",
    ),
)

ISSUE_PREFIX = "SHOP"
