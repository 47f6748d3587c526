"""YAML as people mean it: a key written twice is a mistake, and every mistake has its line."""

from __future__ import annotations

from typing import Any

import yaml

MERGE = "tag:yaml.org,2002:merge"


class YamlError(ValueError):
    """What is wrong with a YAML text, in one line."""


class _Loader(yaml.SafeLoader):
    """Builds plain values; a value that cannot be built says where it stands."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except YamlError:
            raise  # a value within this one, already said
        except ValueError as error:
            shown = getattr(node, "value", "")
            raise YamlError(
                f'line {_line(node)}: "{shown}" looks like a date or number but is none '
                f"({error}); put it in quotes if it is text"
            ) from None


def load_yaml(text: str) -> Any:
    """Return what a YAML text holds.

    Parameters
    ----------
    text : str

    Raises
    ------
    YamlError
        When it is not YAML, or a mapping has a key twice: YAML readers keep the last and say
        nothing.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _refuse_repeated_keys(node)
        return loader.construct_document(node)
    except yaml.reader.ReaderError as error:
        number = text.count("\n", 0, error.position) + 1
        raise YamlError(
            f"is not YAML at line {number}: holds the character #x{ord(text[error.position]):04x}, "
            "which cannot stand in text"
        ) from None
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark or error.context_mark
        line = f" at line {where.line + 1}" if where else ""
        raise YamlError(f"is not YAML{line}: {error.problem or error.context}") from None
    except RecursionError:
        raise YamlError("is nested too deeply for a settings file") from None


def _refuse_repeated_keys(root: yaml.Node) -> None:
    """Walk the nodes, before anything is merged into them, each once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        if not isinstance(node, yaml.MappingNode):
            continue
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
                continue
            name = (key.tag, key.value)
            if name in lines:
                raise YamlError(
                    f"{key.value}: is written twice, at lines {lines[name]} and {_line(key)}; "
                    "keep one"
                )
            lines[name] = _line(key)
        waiting += [value for _, value in reversed(node.value)]


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
