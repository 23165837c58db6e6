"""YAML with the line of every key, and `${VARIABLES}` filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

Keys = tuple[str | int, ...]
_VARIABLE = re.compile(r"\$(?:(\$)|\{(?:(\w+)(?::-([^${}]*))?\})?)")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and on which line (from 1) each key stands."""

    data: dict[str, Any]
    lines: Mapping[Keys, int]
    name: str


def parse(text: str, name: str, env: Mapping[str, str]) -> tuple[Document, list[str]]:
    """The document and what is wrong with it in words. Raises yaml.YAMLError when it is no YAML at all.

    `${VAR}` is the environment's value, `${VAR:-default}` the default where it is not set or empty, `$$` a dollar. A key with nothing
    behind it counts as not written, and so does one with variables behind it that come to nothing, unless they stand in quotes.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    reader = _Reader(name, env)
    if root is None:
        return Document({}, {}, name), []
    if not isinstance(root, yaml.MappingNode):
        return Document({}, {}, name), [f"{name}:{root.start_mark.line + 1}: the configuration must be keys and values"]
    return Document(reader.value(root, ()), reader.lines, name), reader.problems


class _Reader:
    def __init__(self, name: str, env: Mapping[str, str]) -> None:
        self.name, self.env = name, env
        self.lines: dict[Keys, int] = {}
        self.problems: list[str] = []

    def value(self, node: yaml.Node, keys: Keys) -> Any:
        if len(keys) > _DEEPEST:  # an alias that contains itself, or many that multiply
            self.complain(node, "this is nested too deeply")
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, keys)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for i, item in enumerate(node.value):
                self.lines[(*keys, i)] = item.start_mark.line + 1
                items.append(self.value(item, (*keys, i)))
            return items
        return self.scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def mapping(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (*keys, key)
            if here in self.lines:
                self.complain(
                    key_node, f"{'.'.join(map(str, here))} stands here a second time (first in line {self.lines[here]})"
                )
            self.lines[here] = key_node.start_mark.line + 1
            value = self.value(value_node, here)
            if value is not None:
                found[key] = value
        return found

    def scalar(self, node: yaml.ScalarNode) -> Any:
        kind, text = node.tag.rpartition(":")[2], str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on")
        if kind == "int" and re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
            return int(text)
        if kind == "float" and re.fullmatch(r"-?[0-9]+\.[0-9]*", text):
            return float(text)
        filled = _VARIABLE.sub(lambda match: self.variable(match, node), text)
        return filled or (None if text and node.style is None else "")

    def variable(self, match: re.Match[str], node: yaml.Node) -> str:
        dollar, name, default = match.groups()
        if dollar:
            return "$"
        if name is None:
            self.complain(node, "only ${NAME} and ${NAME:-a default} are filled in; write $${ for these two characters")
            return ""
        value = self.env.get(name) or default
        if value is None:
            self.complain(node, f"the environment variable {name} is not set; set it, or write ${{{name}:-a default}}")
            return ""
        return value

    def complain(self, node: yaml.Node, what: str) -> None:
        self.problems.append(f"{self.name}:{node.start_mark.line + 1}: {what}")
