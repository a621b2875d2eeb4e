"""A stand-in for docker's compose plugin, which needs an engine: services, their images and containers in a JSON file.

The real docker program starts it and hands it its own context and words.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TextIO

METADATA = {"SchemaVersion": "0.1.0", "Vendor": "stand-in", "Version": "v2.24.0", "ShortDescription": "stand-in"}


def say(text: str, where: TextIO = sys.stdout) -> None:
    """A line of output."""
    where.write(f"{text}\n")


def main(words: list[str]) -> int:
    """One call; the state is in the file that COMPOSE_STAND_IN names."""
    if words == ["docker-cli-plugin-metadata"]:
        say(json.dumps(METADATA))
        return 0
    place = Path(os.environ["COMPOSE_STAND_IN"])
    state = json.loads(place.read_text())
    verb = next(word for word in words if word in ("ps", "config", "up"))
    service = words[-1]
    if service not in state["services"]:
        say(f"no such service: {service}", sys.stderr)
        return 1
    image = re.sub(r"\$\{(\w+)\}", lambda name: os.environ.get(name[1], ""), state["services"][service])
    if verb == "config" and "--images" in words:
        say(image)
    elif verb == "config":
        say(json.dumps({"services": {service: {"image": image} | state["more"], "cache": {"image": "redis:4.8.0"}}}))
    elif verb == "ps":
        said = [json.dumps(one) for one in state["containers"]]
        say("\n".join(said) if state["lines"] else f"[{','.join(said)}]")
    elif image not in state["images"]:
        say(f"Error response from daemon: manifest for {image} not found: manifest unknown", sys.stderr)
        return 1
    else:
        state["ups"] += 1
        for one in state["containers"]:
            one |= {"Image": image, "State": "running", "Health": state["health"]}
        place.write_text(json.dumps(state))
        if state["health"] == "unhealthy":
            say("container shop-web-1 is unhealthy", sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
