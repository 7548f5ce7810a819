"""A reader of the table, by what the documentation says of its columns and of the apostrophe."""

import csv
import io

from readers.quiz import ReadQuestion

__all__ = ["raw_cells", "read_table"]

_RUN_BY_SPREADSHEETS = tuple("=+-@\t\r")


def raw_cells(content: bytes) -> list[list[str]]:
    """The cells as a spreadsheet sees them."""
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def read_table(content: bytes) -> list[ReadQuestion]:
    """The questions, in order."""
    head, *rows = raw_cells(content)
    assert all(len(row) == len(head) for row in rows)
    assert not any(cell.startswith(_RUN_BY_SPREADSHEETS) for row in rows for cell in row)
    return [_question(dict(zip(head, map(_text, row), strict=True))) for row in rows]


def _text(cell: str) -> str:
    return cell.removeprefix("'")


def _question(row: dict[str, str]) -> ReadQuestion:
    def listed(name: str) -> tuple[str, ...]:
        return tuple(value for key, value in row.items() if key.startswith(f"{name}_") and value)

    options, answers, kind = listed("option"), listed("answer"), row["type"]
    right: object = answers[0]
    if kind == "true_false":
        right, options = options.index(answers[0]) == 0, ()
    elif kind in ("fill_blank", "short_answer"):
        right = (*answers, *listed("accepted"))
    elif kind == "numeric":
        off = float(row["tolerance"])
        right = tuple((float(n) - off, float(n) + off) for n in (*answers, *listed("accepted")))
    elif kind == "matching":
        right = tuple(zip(listed("prompt"), answers, strict=True))
    elif kind == "ordering":
        right = answers
    names = {"multiple_choice": "choice", "fill_blank": "typed", "short_answer": "typed"}
    return ReadQuestion(
        names.get(kind, kind),
        row["question"],
        options,
        right,
        row["rationale"],
        row["objective"] or None,
        row["difficulty"],
    )
