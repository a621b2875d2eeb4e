"""YAML text → a tree of texts, lists and mappings that know their lines, with everything dangerous refused.

The tree is built from parser events, without recursion and without PyYAML's types: `0123456` stays
`0123456`, `on` stays `on`, no tag constructs anything, and a bomb is refused before it unfolds.
"""

from __future__ import annotations

import re

import yaml

from runbook.reading.problems import Problems, shortened

MAX_BYTES = 1 << 20
MAX_EVENTS = 20_000
MAX_DEPTH = 30

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""Control, bidi and invisible characters: what a person cannot see must not reach a shell.

Some of them end a line for YAML and for no editor, so the text is looked at before it is parsed.
"""


class Text(str):
    """A scalar, as written, and its line."""

    __slots__ = ("line",)
    line: int


class Items(list["Node"]):
    """A list, and its line."""

    line: int = 0


class Keys(dict[Text, "Node"]):
    """A mapping, and its line; each key knows its own."""

    line: int = 0


Node = Text | Items | Keys


def line_of(value: object) -> int:
    """The line on which a value of the tree stands; 0 for a value that is not from a file."""
    line = getattr(value, "line", 0)
    return line if isinstance(line, int) else 0


def text_at(value: str, line: int) -> Text:
    """A text that stands on a line."""
    text = Text(value)
    text.line = line
    return text


def read_tree(text: str, problems: Problems) -> Keys:
    """The document's mapping. Raises ReadingError for anything that is not plain, bounded YAML."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        problems.add(
            "The file is larger than 1 MiB. A runbook is text for people: split it, or move logs and dumps out."
        )
        problems.stop_if_any()
    text = text.removeprefix("\ufeff")
    unseen = UNSEEN.search(text.replace("\r", "\n"))
    if unseen:
        problems.add(_cannot_be_seen(unseen.group()), text.count("\n", 0, unseen.start()) + 1)
        problems.stop_if_any()
    root = _Builder(problems).build(text)
    if not isinstance(root, Keys):
        problems.add("A runbook is a mapping of keys: it begins with `version: 1`.", line_of(root) or 1)
    problems.stop_if_any()
    assert isinstance(root, Keys)
    return root


class _Builder:
    """Turns parser events into the tree, refusing as it goes."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.open: list[tuple[Items | Keys, Text | None]] = []
        self.root: Node | None = None
        self.documents = 0

    def build(self, text: str) -> Node | None:
        loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for count, event in enumerate(yaml.parse(text, Loader=loader)):
                if count >= MAX_EVENTS:
                    self._refuse(f"The file holds more than {MAX_EVENTS:,} YAML parts. Split the runbook.", event)
                self._take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = " ".join(part for part in (error.context, error.problem) if part)
            self.problems.add(f"This is not valid YAML: {shortened(what, 160)}.", mark.line + 1 if mark else 0)
        except yaml.YAMLError as error:
            self.problems.add(f"This is not valid YAML: {shortened(str(error), 160)}.")
        self.problems.stop_if_any()
        return self.root

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse("Aliases (`*name`) are not part of a runbook: write the value out.", event)
        elif isinstance(event, yaml.ScalarEvent):
            self._plain(event)
            self._put(self._scalar(event))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._plain(event)
            self._enter(Keys() if isinstance(event, yaml.MappingStartEvent) else Items(), event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.open.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse("A second document (`---`) begins here: a file holds one runbook.", event)

    def _plain(self, event: yaml.NodeEvent) -> None:
        """Refuses what only serves to build something else than text, lists and mappings."""
        if event.anchor is not None:
            self._refuse(f"Anchors (`&{shortened(event.anchor)}`) are not part of a runbook.", event)
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._refuse(f"Tags (`{shortened(tag)}`) are not part of a runbook: values are plain text.", event)

    def _scalar(self, event: yaml.ScalarEvent) -> Text:
        text = text_at(event.value, _line(event) + (event.style in {"|", ">"}))
        unseen = UNSEEN.search(text)
        if unseen:
            self._refuse(_cannot_be_seen(unseen.group()), event)
        return text

    def _enter(self, node: Items | Keys, event: yaml.Event) -> None:
        node.line = _line(event)
        if len(self.open) >= MAX_DEPTH:
            self._refuse(f"Lists and mappings are nested deeper than {MAX_DEPTH} levels.", event)
        self._put(node)
        self.open.append((node, None))

    def _put(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        parent, key = self.open[-1]
        if isinstance(parent, Items):
            parent.append(node)
        elif key is None:
            self._key(parent, node)
        else:
            parent[key] = node
            self.open[-1] = (parent, None)

    def _key(self, parent: Keys, node: Node) -> None:
        if not isinstance(node, Text):
            self.problems.add("A key must be plain text, not a list or a mapping.", node.line)
            self.problems.stop_if_any()
        assert isinstance(node, Text)
        if node in parent:
            first = next(key.line for key in parent if key == node)
            self.problems.add(
                f'The key "{shortened(node)}" is here a second time; the first is on line {first}.', node.line
            )
            self.problems.stop_if_any()
        self.open[-1] = (parent, node)

    def _refuse(self, sentence: str, event: yaml.Event) -> None:
        self.problems.add(sentence, _line(event))
        self.problems.stop_if_any()


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _cannot_be_seen(character: str) -> str:
    return f"A character that cannot be seen (U+{ord(character):04X}) is in this text. Take it out."
