"""Rows out of a stream of cells: for flattened tables in which no row end was marked, or header rows fell apart.

A row is labels, then as many values as its neighbours have; blanks beyond that number lead the next row. Texts
without values between them are, in this order: a banner, one or more header rows, the labels of the first row. Where
an empty cell closes every row, no row end has to be guessed.
"""

from __future__ import annotations

from extractor.tables.header_spans import Token, TokenRow, header_cost, is_banner, is_body, shape

_MOST_HEADER_CELLS = 60  # texts before the first values that are searched for header rows


def stream_rows(tokens: list[Token]) -> list[TokenRow]:
    """Rows out of a stream of cells in which no row end is marked.

    A row is labels, then as many values as its neighbours have; blanks beyond that number lead the next row. Texts
    without values between them are, in this order: a banner, one or more header rows, the labels of the first row.
    """
    runs = _runs(tokens)
    rows: list[TokenRow] = []
    usual = _usual_lengths(runs)
    carried: TokenRow = []
    labels = 1
    for number, (lump, run) in enumerate(runs):
        values = min(len(run), usual[number]) if usual[number] else len(run)
        texts = carried + lump
        if len(runs) == 1 and (cut := _without_labels(texts, run)):
            return cut
        heads, label = _cut_lump(texts, values, labels, number == 0, len(run) - values + 1)
        rows.extend(heads)
        rest = run[:values]
        if label or rest:
            rows.append([*label, *rest])
            labels = max(labels, len(label))
        carried = run[values:]
    if carried and rows and any(token.kind != "blank" for token in carried):
        rows.append(carried)
    return [row for row in rows if row]


def closed_rows(tokens: list[Token]) -> list[TokenRow] | None:
    """The rows of a stream in which every row is closed by an empty cell; None where that is not how it is written.

    The evidence: every run of values ends in a blank, and runs under one header are equally long.
    """
    runs: list[tuple[TokenRow, TokenRow]] = []
    position = lead = 0
    while position < len(tokens):
        stop = position
        while stop < len(tokens) and tokens[stop].kind != "text":
            stop += 1
        if stop - position > 1 or any(token.kind == "value" for token in tokens[position:stop]):
            runs.append((tokens[lead:position], tokens[position:stop]))
            lead = stop
        position = max(stop, position + 1)
    if lead < len(tokens) or any(not lump or run[-1].kind != "blank" for lump, run in runs):
        return None
    if 2 * sum(any(token.kind == "value" for token in run) for _, run in runs) < len(runs):
        return None
    rows: list[TokenRow] = []
    for number, (lump, run) in enumerate(runs):
        pieces: list[TokenRow] = [[]]
        for token in lump:
            if token.kind == "blank":
                pieces.append([])
            else:
                pieces[-1].append(token)
        if not all(pieces) or (number and len(pieces) == 1 and len(run) != len(runs[number - 1][1])):
            return None
        if len(runs) == 1 and len(run) > len(lump):
            return None  # more values than headers: several rows
        bare = len(runs) == 1 and len(pieces) > 1 and run[0].kind == "blank"  # header rows over a row without a label
        rows += [*pieces, run[1:-1]] if bare else [*pieces[:-1], [*pieces[-1], *run[:-1]]]
    return rows if len(runs) > 1 or len(rows) > 2 else None


def _runs(tokens: list[Token]) -> list[tuple[TokenRow, TokenRow]]:
    """Lumps of texts (with the blanks among header cells), each with the run of values and blanks after it."""
    runs: list[tuple[TokenRow, TokenRow]] = []
    lump: TokenRow = []
    run: TokenRow = []
    filled = any(token.kind == "value" for token in tokens)
    longest = 0 if filled else _longest_blank_run(tokens)
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.kind == "text":
            if run:
                runs.append((lump, run))
                lump, run = [], []
            lump.append(token)
            position += 1
            continue
        stop = position
        while stop < len(tokens) and tokens[stop].kind != "text":
            stop += 1
        stretch = tokens[position:stop]
        valued = any(each.kind == "value" for each in stretch)
        if valued or (runs and len(stretch) >= len(runs[-1][1]) - 2) or (not filled and len(stretch) * 2 >= longest):
            run = stretch
        else:
            lump.extend(stretch)
        position = stop
    if lump or run:
        runs.append((lump, run))
    return runs


def _longest_blank_run(tokens: list[Token]) -> int:
    longest = current = 0
    for token in tokens:
        current = current + 1 if token.kind == "blank" else 0
        longest = max(longest, current)
    return longest


def _usual_lengths(runs: list[tuple[TokenRow, TokenRow]]) -> list[int]:
    """How many values each run holds: blanks at its end may lead the next row, so the shorter neighbours decide."""
    lengths = []
    for _, run in runs:
        length = len(run)
        while length and run[length - 1].kind == "blank":
            length -= 1
        lengths.append((length, len(run)))
    usual = []
    current = 0
    for number, (least, most) in enumerate(lengths):
        lump = runs[number][0]
        if number == 0 or len(lump) > 3 or not least <= current <= most:
            nearby = [lengths[number]]
            for offset in range(number + 1, min(number + 40, len(runs))):
                if len(runs[offset][0]) > 3:
                    break
                nearby.append(lengths[offset])
            # The number of values that fits most of the rows that follow.
            candidates = {low for low, high in nearby if low} | {high for _, high in nearby}
            fitting = {
                value: sum(low <= value <= high for low, high in nearby)
                for value in candidates
                if least <= value <= most
            }
            current = max(fitting, key=lambda value: (fitting[value], value), default=most)
        usual.append(current)
    return usual


def _without_labels(texts: TokenRow, run: TokenRow) -> list[TokenRow] | None:
    """Rows of values only, under header rows: the width divides the number of values and fits the last header row."""
    best: tuple[float, list[TokenRow]] | None = None
    if not texts:
        return None
    blanks = 0
    while blanks < len(run) and run[blanks].kind == "blank":
        blanks += 1
    for taken in range(
        min(blanks, _MOST_HEADER_CELLS - len(texts)) + 1
    ):  # the last header row may end in blanks, under cells that reach down
        head, rest = texts + run[:taken], run[taken:]
        for width in range(2, min(len(head), len(rest)) + 1):
            found = _cheapest_levels(head, width, 0) if len(rest) % width == 0 else None
            if found is not None and (best is None or found[0] < best[0]):
                rows = [rest[at : at + width] for at in range(0, len(rest), width)]
                best = (found[0], [*found[1], *rows])
    return best[1] if best is not None and best[0] < 2.5 else None


def _cut_lump(texts: TokenRow, values: int, labels: int, opening: bool, least: int) -> tuple[list[TokenRow], TokenRow]:
    """Header rows and the labels of the row whose values come next, out of what stands before those values.

    `least` is how many labels that row must have, since the blanks after it go on with all but the last of them.
    """
    if not values:
        return ([texts] if texts else []), []
    lead = 0
    while lead < len(texts) and texts[lead].kind == "blank":
        lead += 1
    if not opening and len(texts) <= max(labels, lead + 1, 3) and len(texts) < values + 2:
        return [], texts
    # One header row, under a banner or not; its first cell stands over all label columns, or over one of them.
    if all(token.kind == "text" for token in texts):
        for label in range(least, 4):
            for banner in (0, 1):
                if len(texts) - label - banner in (1 + values, label + values):
                    cut = [texts[:banner], texts[banner : len(texts) - label]]
                    return [row for row in cut if row], texts[len(texts) - label :]
    return _cut_levels(texts, values, least)


def _cut_levels(texts: TokenRow, values: int, least: int) -> tuple[list[TokenRow], TokenRow]:
    """Several header rows: every cut is tried whose last row fits the values, and the one that shares out best wins."""
    best: tuple[float, list[TokenRow], TokenRow] | None = None
    for label in range(4):
        head, row = texts[: len(texts) - label], texts[len(texts) - label :]
        if row and (row[0].kind == "blank" or row[-1].kind != "text" or label < least):
            continue
        for corner in range(1, 4) if label else (0,):
            found = _cheapest_levels(head, values + corner, corner)
            cost = 0.5 * abs(label - least) * (label > 0)
            if found is not None and (best is None or found[0] + cost < best[0]):
                best = (found[0] + cost, found[1], row)
    if best is None or best[0] >= 50:
        return ([texts[:-1]] if len(texts) > 1 else []), texts[-1:]
    return best[1], best[2]


def _cheapest_levels(head: TokenRow, bottom: int, labels: int) -> tuple[float, list[TokenRow]] | None:
    """Up to three header rows of which the last has `bottom` cells, and what their sharing out costs."""
    if not 0 < bottom <= len(head) <= _MOST_HEADER_CELLS:
        return None
    best: tuple[float, list[TokenRow]] | None = None
    upper, lowest = head[: len(head) - bottom], head[len(head) - bottom :]
    for cut in range(len(upper) // 2 + 1):  # the first header row is never the longer one
        levels = [level for level in (upper[:cut], upper[cut:], lowest) if level]
        cost = 0.2 * len(levels) + header_cost(levels, labels)
        if best is None or cost < best[0]:
            best = (cost, levels)
    return best


def mend_heads(rows: list[TokenRow]) -> list[TokenRow]:
    """The rows, with header rows put together again that blank lines inside their cells had cut into pieces.

    Row ends stand only where pieces end. Header rows that already fit the body under them are left alone.
    """
    mended: list[TokenRow] = []
    position = 0
    while position < len(rows):
        top = position
        while position < len(rows) and not is_body(rows[position]):
            position += 1
        heads = rows[top:position]
        bottom = position
        while position < len(rows) and is_body(rows[position]):
            position += 1
        mended.extend(_mended(heads, rows[bottom:position]))
        mended.extend(rows[bottom:position])
    return mended


def _mended(heads: list[TokenRow], body: list[TokenRow]) -> list[TokenRow]:
    if len(heads) < 2 or not body or sum(map(len, heads)) > 2 * _MOST_HEADER_CELLS:
        return heads
    labels, values = shape(body)
    widths = {values + labels, values + min(labels, 1)}
    lowered = [row for row in heads if not is_banner(row)]
    if all(token.kind == "text" for row in lowered for token in row) and len(lowered) > 1 and len(heads[-1]) > 1:
        return heads  # cells that reach down left nothing below them: the counts alone say nothing
    best = _fit(heads, labels, widths), heads
    if best[0] < 2.5:
        return heads
    for banners in range(min(3, len(heads))):
        if banners and not is_banner(heads[banners - 1]):
            break
        for lowest in range(banners, len(heads)):
            if sum(map(len, heads[lowest:])) not in widths:
                continue
            for cut in range(banners, lowest + 1):
                pieces = [heads[banners:cut], heads[cut:lowest], heads[lowest:]]
                levels = [[token for row in piece for token in row] for piece in pieces if piece]
                cost = _fit([*heads[:banners], *levels], labels, widths)
                if cost < best[0]:
                    best = cost, [*heads[:banners], *levels]
    return best[1]


def _fit(rows: list[TokenRow], labels: int, widths: set[int]) -> float:
    """How badly header rows under their banners fit a body whose last header row has one of the widths."""
    banners = 0
    while banners < len(rows) - 1 and is_banner(rows[banners]):
        banners += 1
    levels = rows[banners:]
    if len(levels) > 3 or len(levels[-1]) not in widths:
        return 50.0
    return header_cost(levels, labels) + 0.2 * len(levels) + 0.5 * banners * banners
