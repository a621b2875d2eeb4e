"""Whether a command's result is what was expected, and the values to take out of its output."""

from __future__ import annotations

import re

from runbook.model import Capture, Expect

CAP = 64 * 1024
"""Characters of output, from its end, that expressions are tried on."""
NOT_FOUND = 127
"""The shell's exit code where there is no such program."""


def judge(expect: Expect, exit_code: int, output: str) -> tuple[bool, str]:
    """Whether all parts of an expectation hold, and why not in a sentence."""
    text = output[-CAP:]
    if expect.exit is not None and exit_code != expect.exit:
        gone = ": a program of it is not here" if exit_code == NOT_FOUND else ""
        return False, f"exit {exit_code}, expected {expect.exit}{gone}"
    if expect.contains and expect.contains not in text:
        return False, f"the output does not contain “{expect.contains}”"
    if expect.matches and re.search(expect.matches, text) is None:
        return False, f"the output does not match {expect.matches}"
    if expect.equals and text.strip() != expect.equals:
        return False, f"the output is not “{expect.equals}”"
    return True, ""


def capture(wanted: Capture, output: str) -> str:
    """The value that a capture takes; empty where nothing is found."""
    text = output[-CAP:]
    if not wanted.regex:
        return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    found = re.search(wanted.regex, text)
    return (found[1] if found.re.groups else found[0]) or "" if found else ""
