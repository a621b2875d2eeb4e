"""The floor: the smallest Textual program that shows a line and answers a key; with `clock`, the time each second."""

import sys
import time

from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    BINDINGS = [("question_mark", "answer")]

    def compose(self) -> ComposeResult:
        yield Static("READY")

    def on_mount(self) -> None:
        if "clock" in sys.argv:
            self.set_interval(1, lambda: self.query_one(Static).update(f"READY {time.strftime('%T')}"))

    def action_answer(self) -> None:
        self.query_one(Static).update("ANSWERED")


if __name__ == "__main__":
    Hello().run()
