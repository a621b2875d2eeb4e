"""What the bad commits change in the shop: real mistakes, whose consequences the drill then measures."""

from __future__ import annotations

from runbook.model import Record


class Edit(Record, frozen=True):
    """A piece of a file's text before and after; `before` and `after` each occur once. No `before`: a new file."""

    path: str
    before: str
    after: str


class Fault(Record, frozen=True):
    """A bad commit: its possible subjects, what it changes, and an innocent one that looks guilty."""

    subjects: tuple[str, ...]
    edits: tuple[Edit, ...]
    decoy: tuple[Edit, ...] = ()
    decoy_subject: str = ""

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(edit.path for edit in self.edits + self.decoy)


# ── bad-deploy: a TypeError for the orders that go down the new path ──────────────────────────────

DISCOUNT = Fault(
    subjects=("Round discounts the way the invoice does", "Use exact decimals for discounts"),
    edits=(
        Edit(
            "app/pricing.py", "\nfrom . import settings\n", "\nfrom decimal import Decimal\n\nfrom . import settings\n"
        ),
        Edit(
            "app/pricing.py",
            """    percent = COUPONS.get(code, 0)
    return round(subtotal * percent / 100, 2)
""",
            """    percent = COUPONS.get(code)
    if percent is None:
        return 0.0
    return (Decimal(str(subtotal)) * percent / 100).quantize(Decimal("0.01"))
""",
        ),
    ),
)

SHIPPING = Fault(
    subjects=("Quote shipping by country", "Add shipping prices for the UK and the US"),
    edits=(
        Edit(
            "app/checkout.py",
            """    if country != settings.HOME_COUNTRY:
        return settings.SHIPPING_ABROAD
""",
            """    if country != settings.HOME_COUNTRY:
        return SHIPPING_BY_COUNTRY.get(country)
""",
        ),
        Edit(
            "app/checkout.py",
            "_numbers = itertools.count(1)\n",
            '_numbers = itertools.count(1)\n\nSHIPPING_BY_COUNTRY = {"UK": 12.90, "US": 19.90}\n',
        ),
    ),
)

RESTOCK = Fault(
    subjects=("Show the real restock day in the cart", "Take delivery days from the catalogue"),
    edits=(
        Edit(
            "app/stock.py",
            "        return settings.PICK_DAYS + settings.BACK_ORDER_DAYS\n",
            "        return settings.PICK_DAYS + catalogue.product(sku).restock_days\n",
        ),
    ),
)

QUANTITY = Fault(
    subjects=("Keep quantities as the customer typed them", "Simplify how cart lines are read"),
    edits=(
        Edit(
            "app/cart.py",
            "    quantity = int(count or 1)\n",
            "    quantity = count or 1\n",
        ),
    ),
)

# ── slow: an order waits for an answer that never comes ───────────────────────────────────────────


def _warehouse(attempts: int, wait: float) -> Fault:
    return Fault(
        subjects=("Wait for the warehouse to confirm back-orders", "Confirm back-orders during checkout"),
        edits=(
            Edit(
                "app/stock.py",
                '''    """Whether the goods are here now; back-orders are confirmed by mail."""
    return left(sku) >= quantity
''',
                f'''    """Whether the goods are here now; back-orders are confirmed by the warehouse."""
    if left(sku) >= quantity:
        return True
    for _ in range({attempts}):
        if cache.get(f"warehouse:{{sku}}") == "confirmed":
            return True
        time.sleep({wait})
    return False
''',
            ),
            Edit(
                "app/stock.py",
                "\nfrom . import catalogue, settings\n",
                "\nimport time\n\nfrom . import catalogue, settings\nfrom .cache import cache\n",
            ),
        ),
    )


def _voucher(attempts: int, wait: float) -> Fault:
    return Fault(
        subjects=("Check vouchers with the voucher service", "Let a voucher be used only once"),
        edits=(
            Edit(
                "app/pricing.py",
                "    return not code or code in COUPONS\n",
                f"""    if not code:
        return True
    for _ in range({attempts}):
        state = cache.get(f"voucher:{{code}}")
        if state is not None:
            return state == "valid"
        time.sleep({wait})
    return code in COUPONS
""",
            ),
            Edit(
                "app/pricing.py",
                "\nfrom . import settings\n",
                "\nimport time\n\nfrom . import settings\nfrom .cache import cache\n",
            ),
        ),
    )


_WAITS = ((24, 0.25), (20, 0.3), (15, 0.4))

# ── outage: a cache that is not there ─────────────────────────────────────────────────────────────

OLD_CACHE = 'CACHE_URL = os.environ.get("CACHE_URL", "redis://127.0.0.1:6379")\n'

CLUSTER = Fault(
    subjects=("Move sessions to the new cache cluster", "Use the cache cluster"),
    edits=(
        Edit(
            "app/settings.py",
            OLD_CACHE,
            'CACHE_URL = os.environ.get("CACHE_CLUSTER_URL", "redis://127.0.0.1:6379")\n',
        ),
    ),
)

CLUSTER_FIRST = Fault(
    subjects=("Prefer the cache cluster where there is one", "Read the cluster's address"),
    edits=(
        Edit(
            "app/settings.py",
            OLD_CACHE,
            """CACHE_URL = os.environ.get("CACHE_URL", "redis://127.0.0.1:6379")
CACHE_URL = os.environ.get("CACHE_CLUSTER_URL", CACHE_URL)
""",
        ),
    ),
)

# ── flapping: a back-off that was meant for failures and applies to every reconnect ───────────────


def _recycle(seconds: int) -> Fault:
    return Fault(
        subjects=("Recycle old cache connections", "Do not keep cache connections for ever"),
        edits=(
            Edit(
                "app/cache.py",
                "SLOW_REPLY = 0.5\n",
                f"SLOW_REPLY = 0.5\nRECYCLE_AFTER = {seconds}\nRETRY_AFTER = {seconds}\n",
            ),
            Edit(
                "app/cache.py",
                "        if self._connection is None or self._replies is None:\n",
                """        now = time.monotonic()
        if self._connection is not None and now - self._opened > RECYCLE_AFTER:
            self._close()
            self._retry_at = now + RETRY_AFTER
        if self._connection is None or self._replies is None:
            if now < self._retry_at:
                raise ConnectionError(f"no cache connection, next attempt in {self._retry_at - now:.0f} s")
""",
            ),
        ),
    )


# ── wrong-diagnosis: a comma too many, in the commit nobody looks at ──────────────────────────────

NEW_FLOW = (
    Edit(
        "app/checkout.py",
        """    if not pricing.redeem(coupon):
        coupon = ""
    reserved = [stock.reserve(line.sku, line.quantity) for line in lines]
    answer = quote(lines, country, coupon, gift)
    answer["order"] = f"{time.strftime('%Y%m%d')}-{next(_numbers):06d}"
    answer["confirmed"] = all(reserved)
    return answer
""",
        """    answer = quote(lines, country, accepted(coupon), gift)
    return {**answer, "order": number(), "confirmed": confirmed(lines), "next": "payment"}


def accepted(coupon: str) -> str:
    return coupon if pricing.redeem(coupon) else ""


def confirmed(lines: list[cart.Line]) -> bool:
    return all([stock.reserve(line.sku, line.quantity) for line in lines])


def number() -> str:
    return f"{time.strftime('%Y%m%d')}-{next(_numbers):06d}"
""",
    ),
)

_PRICES = """# Prices of what comes on top of the goods.
SHIPPING_HOME = 4.90
SHIPPING_ABROAD = 9.90
GIFT_WRAP = 2.50
"""


def _tidy(after: str) -> Fault:
    return Fault(
        subjects=("Tidy settings",),
        edits=(Edit("app/settings.py", _PRICES, after),),
        decoy=NEW_FLOW,
        decoy_subject="New checkout flow",
    )


# ── bad-migration: a column renamed in the database, and the code still asks for the old one ────────


def _renamed(before: str, after: str) -> Fault:
    step = f"db/migrations/0002_{after}"
    return Fault(
        subjects=(f"Rename {before} to {after} in the catalogue", f"Migration: product.{before} becomes {after}"),
        edits=(
            Edit(f"{step}.sql", "", _script(before, after)),
            Edit(f"{step}.down.sql", "", _script(after, before)),
        ),
    )


def _script(before: str, after: str) -> str:
    """One statement, and so one transaction, in SQLite and in PostgreSQL."""
    return f"ALTER TABLE product RENAME COLUMN {before} TO {after};\n"


# ── cdn: pages that nobody on the way may keep any more ──────────────────────────────────────────────

COOKIE = Fault(
    subjects=("Renew the session with every page", "Keep visitors signed in while they browse"),
    edits=(
        Edit(
            "app/wsgi.py",
            """    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *caching(environ, status)]
""",
            """    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *caching(environ, status)]
    session = session_id(environ.get("HTTP_COOKIE", "")) or "visitor"
    headers.append(("Set-Cookie", f"session={session}; Max-Age={settings.SESSION_LIFETIME}"))
""",
        ),
    ),
)

FRESH = Fault(
    subjects=("Never show a price that is a minute old", "Prices are always fresh"),
    edits=(Edit("app/settings.py", "PAGE_LIFETIME = 60\n", "PAGE_LIFETIME = 0\n"),),
)

# ── silent: figures stored in a new form, which the code before it cannot read ──────────────────────


def _by_country(subject: str, countries: str) -> Fault:
    return Fault(
        subjects=(subject,),
        edits=(
            Edit(
                "app/telemetry.py",
                "import threading\n\nfrom . import settings\n",
                "import json\nimport threading\n\nfrom . import settings\n",
            ),
            Edit(
                "app/telemetry.py",
                '_fresh = {"quotes": 0}\n\n\ndef quoted',
                f"COUNTRIES = ({countries})\n_fresh = dict.fromkeys(COUNTRIES, 0)\n\n\ndef quoted",
            ),
            Edit(
                "app/telemetry.py",
                """        _fresh["quotes"] += 1
""",
                """        _fresh[country] += 1
""",
            ),
            Edit(
                "app/telemetry.py",
                """            total = int(cache.get(KEY) or 0) + _fresh["quotes"]
            cache.set(KEY, str(total), DAY)
        except (OSError, CacheError):
            return {"quotes": None}
        _fresh["quotes"] = 0
        return {"quotes": total}
""",
                """            stored = json.loads(cache.get(KEY) or "0")
            if isinstance(stored, int):  # as it was stored before
                stored = {settings.HOME_COUNTRY: stored}
            total = {country: stored.get(country, 0) + _fresh[country] for country in COUNTRIES}
            cache.set(KEY, json.dumps(total), DAY)
        except (OSError, CacheError):
            return {"quotes": None}
        _fresh.update(dict.fromkeys(COUNTRIES, 0))
        return {"quotes": sum(total.values()), "quotes_by_country": total}
""",
            ),
        ),
    )


FAULTS: dict[str, tuple[Fault, ...]] = {
    "bad-deploy": (DISCOUNT, SHIPPING, RESTOCK, QUANTITY),
    "cloud": (DISCOUNT, SHIPPING, RESTOCK, QUANTITY),
    "slow": tuple(make(*wait) for make in (_warehouse, _voucher) for wait in _WAITS),
    "outage": (CLUSTER, CLUSTER_FIRST),
    "flapping": tuple(_recycle(seconds) for seconds in (11, 12, 13)),
    "bad-migration": (
        _renamed("stock", "on_hand"),
        _renamed("restock", "back_in_days"),
        _renamed("price", "net_price"),
    ),
    "cdn": (COOKIE, FRESH),
    "silent": (
        _by_country("Count quotes by country", '"DE", "UK", "US"'),
        _by_country("Tell quotes by country in the metrics", '"DE", "US"'),
    ),
    "wrong-diagnosis": (
        _tidy("# Extras, in CURRENCY.\nGIFT_WRAP = 2.50\nSHIPPING_HOME = 4.90\nSHIPPING_ABROAD = 9.90,\n"),
        _tidy("# Extras, in CURRENCY.\nSHIPPING_ABROAD = 9.90\nSHIPPING_HOME = 4.90\nGIFT_WRAP = 2.50,\n"),
    ),
}
"""The ways in which each scenario may be broken; the seed picks one."""
