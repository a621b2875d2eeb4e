"""The practice production's customers: real requests at a steady rate, over connections that are kept.

    python load.py --seed N URL=RATE …

Which page, which products, which coupon and from where is drawn with the seed. A slow answer does
not hold the others up: each request in flight has its own connection, up to a limit. Ends when its
standard input closes. Run by its path; standard library only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import threading
from urllib.parse import quote, urlencode, urlsplit

IN_FLIGHT = 150
PATIENCE = 20.0
SKUS = ("mug-07", "book-12", "print-30", "card-05", "frame-a4", "tote-03")
BACK_ORDERS = ("lamp-02", "desk-01")
COUPONS = ("WELCOME5", "SPRING10")
ABROAD = ("AT", "NL", "SE", "FR")

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Customers:
    """Draws requests. About three in five are carts or orders; two in five of those have each trait."""

    def __init__(self, seed: str) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a repeatable crowd, not a secret
        self.orders = self.dice.uniform(0.29, 0.31)
        self.carts = self.dice.uniform(0.29, 0.31)
        self.trait = self.dice.uniform(0.42, 0.47)

    def request(self) -> bytes:
        """The bytes of the next request."""
        choice = self.dice.random()
        session = f"Cookie: session=c{self.dice.randint(100, 400)}\r\n" if self._has(0.8) else ""
        if choice < self.orders:
            body = self._basket()
            head = f"POST /api/checkout HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n{session}"
            return f"{head}Host: shop.example\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        if choice < self.orders + self.carts:
            path = f"/api/cart?{self._basket()}"
        else:
            sku = quote(self.dice.choice(SKUS + BACK_ORDERS))
            path = self.dice.choice(("/", "/api/products", f"/api/products/{sku}", "/api/projects"))
        return f"GET {path} HTTP/1.1\r\n{session}Host: shop.example\r\n\r\n".encode()

    def pause(self, rate: float) -> float:
        """Seconds until the next one comes."""
        return min(self.dice.expovariate(rate), 4 / rate)

    def _has(self, share: float) -> bool:
        return self.dice.random() < share

    def _basket(self) -> str:
        skus = self.dice.sample(SKUS, self.dice.randint(1, 2))
        if self._has(self.trait):
            skus.append(self.dice.choice(BACK_ORDERS))
        if self._has(self.trait):
            skus[0] += f"*{self.dice.randint(2, 4)}"
        values = {"items": ",".join(skus)}
        if self._has(self.trait):
            values["coupon"] = self.dice.choice(COUPONS)
        if self._has(self.trait):
            values["country"] = self.dice.choice(ABROAD)
        if self._has(self.trait):
            values["gift"] = "1"
        return urlencode(values)


class Crowd:
    """Customers of one environment."""

    def __init__(self, url: str, rate: float, seed: int) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.rate = rate
        self.customers = Customers(f"{seed}/{rate}")
        self.idle: list[Connection] = []
        self.flying: set[asyncio.Task[None]] = set()

    async def come(self) -> None:
        """For ever, at the rate; when too many are waiting for answers nobody new comes."""
        loop = asyncio.get_running_loop()
        at = loop.time()
        while True:
            at = max(at + self.customers.pause(self.rate), loop.time() - 1)
            await asyncio.sleep(at - loop.time())
            if len(self.flying) < IN_FLIGHT:
                task = asyncio.create_task(self.ask(self.customers.request()))
                self.flying.add(task)
                task.add_done_callback(self.flying.discard)

    async def ask(self, request: bytes) -> None:
        """One request; again on a fresh connection where a kept one turns out to be closed."""
        while self.idle:
            connection = self.idle.pop()
            if not connection[0].at_eof() and await self._exchange(connection, request):
                return
            connection[1].close()
        try:
            fresh = await asyncio.open_connection(*self.address)
        except OSError:
            return  # nobody listens: a customer who gives up
        if not await self._exchange(fresh, request):
            fresh[1].close()

    async def _exchange(self, connection: Connection, request: bytes) -> bool:
        """Whether an answer came; the connection is kept for the next one where the server keeps it."""
        reader, writer = connection
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        except TimeoutError:
            writer.close()
            return True  # the customer has had enough; asking again would double the load
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            return False
        if b"connection: close" in head:
            writer.close()
        else:
            self.idle.append(connection)
        return True


async def run(crowds: list[Crowd]) -> None:
    await asyncio.gather(*(crowd.come() for crowd in crowds))


def end_with_parent() -> None:
    """Blocks until standard input closes, then ends the process."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make requests at the practice production.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("targets", nargs="+", metavar="URL=RATE", help="so many requests a second")
    options = parser.parse_args()
    threading.Thread(target=end_with_parent, daemon=True).start()
    targets = [target.rpartition("=") for target in options.targets]
    asyncio.run(run([Crowd(url, float(rate), options.seed) for url, _, rate in targets]))


if __name__ == "__main__":
    main()
