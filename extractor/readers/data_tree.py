"""Data as a tree of named things, which is what XML and JSON have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MAX_DEPTH = 100
"""Elements inside elements; deeper data is not written out as data."""
MAX_NODES = 500_000

NamePath = tuple[str, ...]


class UnreadableDataError(Exception):
    """A text is not the data that it looks like, or more of it than is read; the message says why."""


@dataclass(slots=True)
class DataNode:
    """A thing with a name: a leaf has text, a group has children; a leaf with attributes has both.

    `is_prose` is text that is read without its name. `is_listed` says that it is an element of a list even where it is
    the only one. `has_prose` says whether prose is anywhere in it.
    """

    name: str
    text: str = ""
    children: list[DataNode] = field(default_factory=list)
    is_prose: bool = False
    is_listed: bool = False
    has_prose: bool = False


def iterate_runs(nodes: Sequence[DataNode]) -> Iterator[list[DataNode]]:
    """Yield the nodes in order, those of one name that follow each other together."""
    run: list[DataNode] = []
    for node in nodes:
        if run and (node.name != run[0].name or node.is_prose != run[0].is_prose):
            yield run
            run = []
        run.append(node)
    if run:
        yield run


def find_lines(node: DataNode, path: NamePath = ()) -> list[tuple[NamePath, str]] | None:
    """Return a node's leaves as lines, `(names, text)`, where it is no more than one leaf and its attributes.

    Groups that hold nothing but another node are part of the names. None for any other node; blank leaves make no line.
    """
    path = (*path, node.name)
    if node.has_prose:
        return None
    if node.text or not node.children:
        if any(child.children for child in node.children):
            return None
        own = [(path, node.text), *(((*path, child.name), child.text) for child in node.children)]
        return [(names, text) for names, text in own if text]
    return find_lines(node.children[0], path) if len(node.children) == 1 and not node.children[0].is_listed else None


@dataclass(slots=True)
class RepeatedNodes:
    """Nodes of one name as the rows of a table.

    `columns` are the paths of the leaves below a node, in order; `rows` has the text of each, blank ones left out.
    `inner` are the groups that repeat inside a node, by their paths, each with the position of its row.
    """

    columns: list[NamePath]
    rows: list[dict[NamePath, str]]
    inner: dict[NamePath, list[tuple[int, DataNode]]]

    @property
    def filled_share(self) -> float:
        """Return the share of the table's cells that have a text."""
        return sum(map(len, self.rows)) / (len(self.rows) * len(self.columns) or 1)


def lay_out_rows(nodes: Sequence[DataNode], most_columns: int) -> RepeatedNodes | None:
    """Return nodes as the rows of a table; a column that only some of them have stands where these have it.

    None where there are more than `most_columns`.
    """
    repeated: set[NamePath] = set()
    for node in nodes:
        _find_repeated(node, (), repeated)
    order: list[NamePath] = []
    rows = []
    inner: dict[NamePath, list[tuple[int, DataNode]]] = {}
    for number, node in enumerate(nodes):
        texts: dict[NamePath, list[str]] = {}
        for path, leaf in _iterate_leaves(node, (), repeated):
            if path in repeated and leaf.children:
                inner.setdefault(path, []).append((number, leaf))
            else:
                texts.setdefault(path, []).extend([leaf.text] if leaf.text else [])
        _merge_order(order, list(texts))
        if len(order) > most_columns:
            return None
        rows.append({path: "; ".join(found) for path, found in texts.items() if found})
    filled = set().union(*rows)
    return RepeatedNodes([path for path in order if path in filled], rows, inner)


_TABLE_CELLS = {frozenset({"td"}), frozenset({"th"}), frozenset({"td", "th"})}
"""The names of the cells of a row as HTML has them, and with it many formats for articles."""


def lay_out_cells(nodes: Sequence[DataNode], most_columns: int) -> list[list[str]] | None:
    """Return the texts of nodes that are rows of cells with one name and no meaning but their place, as in a sheet.

    None where the nodes are anything else. An attribute `Index` gives the number of a cell's column.
    """
    names = {frozenset(child.name for child in node.children) for node in nodes}
    widths = [len(node.children) for node in nodes]
    are_cells = names <= _TABLE_CELLS or (len(names) == 1 and len(max(names)) == 1)
    widest = max(widths)
    if not are_cells or not 1 < widest <= most_columns or any(node.text for node in nodes):
        return None
    if 2 * widths.count(widest) < len(nodes):
        return None
    rows = []
    for node in nodes:
        row: list[str] = []
        for child in node.children:
            text = _cell_text(child)
            if text is None:
                return None
            index = next((each.text for each in child.children if each.name == "Index" and each.text.isdecimal()), "")
            place = max(len(row), min(int(index), most_columns) - 1) if 0 < len(index) < 6 else len(row)
            row += [""] * (place - len(row)) + [text]
        rows.append(row)
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows]


def _cell_text(node: DataNode) -> str | None:
    """Return the text of a cell; None for a node that holds more than one text besides its attributes."""
    while not node.text:
        inner = [child for child in node.children if child.children or child.is_prose]
        if len(inner) != 1:
            break
        node = inner[0]
    if node.text or not node.children:
        return None if any(child.children for child in node.children) else node.text
    own = [child for child in node.children if child.name != "Index"]
    return own[0].text if len(own) == 1 else "" if not own else None


def _find_repeated(node: DataNode, path: NamePath, repeated: set[NamePath]) -> None:
    """Add the paths of groups that occur several times in one group."""
    counts = Counter(child.name for child in node.children if child.children)
    for child in node.children:
        if child.children:
            inner = (*path, child.name)
            if counts[child.name] > 1 or child.is_listed:
                repeated.add(inner)
            else:
                _find_repeated(child, inner, repeated)


def _iterate_leaves(node: DataNode, path: NamePath, repeated: set[NamePath]) -> Iterator[tuple[NamePath, DataNode]]:
    """Yield the leaves below a node, and the groups that repeat, with their paths."""
    if node.text or not node.children:
        yield path, DataNode(node.name, node.text)
    for child in node.children:
        inner = (*path, child.name)
        if inner in repeated and child.children:
            yield inner, child
        else:
            yield from _iterate_leaves(child, inner, repeated)


def _merge_order(order: list[NamePath], found: Sequence[NamePath]) -> None:
    """Add what `order` lacks, each behind the one before it in `found`."""
    at = 0
    known = {path: position for position, path in enumerate(order)}
    if all(path in known for path in found):
        return
    for path in found:
        if path in known:
            at = order.index(path) + 1
        else:
            order.insert(at, path)
            at += 1
