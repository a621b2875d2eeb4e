"""Settings of the shop. What differs between environments comes from the environment."""

import os

ENVIRONMENT = os.environ.get("SHOP_ENVIRONMENT", "development")

# Where the catalogue lives: a file of SQLite, an address of PostgreSQL, or a practice catalogue in memory.
DATABASE = os.environ.get("SHOP_DATABASE", ":memory:")

# Sessions and short-lived answers live in the cache.
CACHE_URL = os.environ.get("CACHE_URL", "redis://127.0.0.1:6379")
CACHE_TIMEOUT = 1.0
SESSION_LIFETIME = 1800

# How long the CDN and browsers may keep a page of the catalogue.
PAGE_LIFETIME = 60

CURRENCY = "EUR"
HOME_COUNTRY = "DE"
FREE_SHIPPING_FROM = 80.00

# Prices of what comes on top of the goods.
SHIPPING_HOME = 4.90
SHIPPING_ABROAD = 9.90
GIFT_WRAP = 2.50

PICK_DAYS = 1
BACK_ORDER_DAYS = 12

MAX_QUANTITY = 20
MAX_LINES = 40

MEMORY_LIMIT_MIB = 512

FEATURES = {
    "saved_projects": True,
    "gift_wrap": True,
    "wish_list": False,
}
