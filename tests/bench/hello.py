"""The floor: the smallest Textual program that shows a line and answers a key."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    BINDINGS = [("question_mark", "answer")]

    def compose(self) -> ComposeResult:
        yield Static("READY")

    def action_answer(self) -> None:
        self.query_one(Static).update("ANSWERED")


if __name__ == "__main__":
    Hello().run()
