"""The Word form: real headings, tables with marked header rows, languages and directions, page numbers.

The same document gives the same bytes: no clock is read, neither for the properties nor for the archive.
"""

import io
import unicodedata
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from toolboxai.platform.content.exports.archive import pack
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.item import Form, Item
from toolboxai.platform.content.exports.sheet import QUOTE, Part, Sheet, make_sheet
from toolboxai.platform.content.model.package import Audience

__all__ = ["render_docx"]

# No clock has a part in a file; this is the first day that an archive can name.
_WRITTEN: Final = datetime(1980, 1, 1, tzinfo=UTC)
_TO_WRITE: Final = "_" * 60
_TO_WRITE_SHORT: Final = "_" * 5
_INDENT: Final = Mm(8)
_QUOTE: Final = "Quote"
_BULLET: Final = "List Bullet"


def render_docx(document: ContentDocument, audience: Audience) -> bytes:
    """The document for the teacher (plan, quiz, answers, coverage) or for the student (no answers)."""
    writer = _Writer(make_sheet(document, audience))
    writer.write()
    made = io.BytesIO()
    writer.document.save(made)
    return _timeless(made.getvalue())


def _timeless(archive: bytes) -> bytes:
    """The same archive with every member written at the same moment."""
    with zipfile.ZipFile(io.BytesIO(archive)) as old:
        return pack((name, old.read(name)) for name in old.namelist())


def _right_to_left(text: str) -> bool:
    """Whether the first letter with a direction runs from the right."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def _marked(parent: Any, tag: str, **attributes: str) -> Any:
    """A new child element of Word's namespace, with its attributes."""
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), value)
    parent.append(element)
    return element


class _Writer:
    """Writes one sheet, from its title to its last note."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.document: Document = docx.Document()
        self._styles = {style.name: style for style in self.document.styles}

    def write(self) -> None:
        """Everything, in the order of the sheet."""
        sheet, words = self.sheet, self.sheet.words
        self._set_up()
        self._heading(sheet.title, 1, own=True)
        self._text(sheet.for_whom)
        for fact in sheet.facts:
            self._labelled(fact.label, fact.text)
        self._heading(words.objectives, 2)
        for number, objective in enumerate(sheet.objectives, start=1):
            self._text(f"{number}. {objective}", indent=True)
        self._heading(words.lesson, 2)
        for part in sheet.parts:
            self._part(part)
        self._heading(words.quiz, 2, new_page=True)
        if not sheet.items:
            self._text(words.no_questions)
        for item in sheet.items:
            self._item(item)
        if sheet.teacher:
            self._coverage()

    # ---- the whole file ---------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        sheet, page = self.sheet, self.document.sections[0]
        page.page_width, page.page_height = Mm(210), Mm(297)
        page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(20)
        about = self.document.core_properties
        about.title, about.subject, about.language = sheet.title, sheet.for_whom, sheet.language
        about.author, about.last_modified_by, about.comments = "", "", ""
        about.created = about.modified = _WRITTEN
        about.revision = 1
        self._default_language(sheet.language)
        for name, size in (("Heading 1", 20), ("Heading 2", 15), ("Heading 3", 12)):
            style = self._styles[name]
            if style.type is WD_STYLE_TYPE.PARAGRAPH:
                style.font.size, style.font.color.rgb = Pt(size), RGBColor(0x1B, 0x1B, 0x1B)
        self._page_numbers()

    def _default_language(self, language: str) -> None:
        defaults = self.document.styles.element.find(f".//{qn('w:rPrDefault')}/{qn('w:rPr')}")
        assert defaults is not None
        for old in defaults.findall(qn("w:lang")):
            defaults.remove(old)
        _marked(defaults, "w:lang", val=language, eastAsia=language, bidi=language)

    def _page_numbers(self) -> None:
        footer = self.document.sections[0].footer.paragraphs[0]
        footer.add_run(f"{self.sheet.words.page} ")
        _marked(_marked(footer._p, "w:fldSimple", instr="PAGE"), "w:r")

    # ---- paragraphs -------------------------------------------------------------------------------------------

    def _paragraph(self, style: str = "Normal", into: Any = None) -> Paragraph:
        paragraph: Paragraph = (into or self.document).add_paragraph()
        if style != "Normal":
            # By its id: told by name, the library walks all styles anew.
            paragraph._p.style = self._styles[style].style_id
        return paragraph

    def _run(self, paragraph: Paragraph, text: str, *, bold: bool = False, own: bool = False) -> None:
        """Some words; ``own`` ones are the text's, in its language."""
        run = paragraph.add_run(text)
        run.bold = bold or None
        if right := _right_to_left(text):
            properties = paragraph._p.get_or_add_pPr()
            if not paragraph.runs[:-1]:
                _marked(properties, "w:bidi")
            _marked(run._r.get_or_add_rPr(), "w:rtl")
        language = self.sheet.text_language
        if own and language != self.sheet.language:
            names = {"bidi": language} if right else {"val": language, "eastAsia": language}
            _marked(run._r.get_or_add_rPr(), "w:lang", **names)

    def _heading(self, text: str, level: int, *, own: bool = False, new_page: bool = False) -> None:
        heading = self._paragraph(f"Heading {level}")
        heading.paragraph_format.page_break_before = new_page or None
        self._run(heading, text, own=own)

    def _text(self, text: str, style: str = "Normal", *, indent: bool = False) -> Paragraph:
        paragraph = self._paragraph(style)
        if indent:
            paragraph.paragraph_format.left_indent = _INDENT
        self._run(paragraph, text)
        return paragraph

    def _labelled(
        self, label: str, text: str, *, indent: bool = False, own: bool = False, source: int | None = None
    ) -> None:
        paragraph = self._paragraph()
        if indent:
            paragraph.paragraph_format.left_indent = _INDENT
        self._run(paragraph, f"{label}: ", bold=True)
        self._run(paragraph, text, own=own)
        self._number(paragraph, source)

    def _quote(self, text: str, source: int | None) -> None:
        paragraph = self._paragraph(_QUOTE)
        paragraph.paragraph_format.left_indent = _INDENT
        self._run(paragraph, text, own=True)
        self._number(paragraph, source)

    def _number(self, paragraph: Paragraph, source: int | None) -> None:
        if source is not None:
            paragraph.add_run(f" [{source}]")

    # ---- lesson, quiz, coverage -------------------------------------------------------------------------------

    def _part(self, part: Part) -> None:
        self._heading(f"{part.number}. {part.title} ({part.time})", 3)
        for line in part.lines:
            if line.label:
                self._labelled(line.label, line.text, indent=True, own=True, source=line.source)
            elif line.kind == QUOTE:
                self._quote(line.text, line.source)
            else:
                self._text(line.text)
        for word in part.words:
            paragraph = self._paragraph()
            self._run(paragraph, word.term, bold=True, own=True)
            if word.meaning:
                self._run(paragraph, ": ")
                self._run(paragraph, word.meaning, own=True)
            if word.sentence:
                self._quote(word.sentence, word.source)

    def _item(self, item: Item) -> None:
        words = self.sheet.words
        self._heading(item.heading, 3)
        self._text(item.text).paragraph_format.keep_with_next = True
        if item.hint:
            self._text(item.hint).paragraph_format.keep_with_next = True
        for choice in item.choices:
            self._text(f"{choice.letter}) {choice.text}", indent=True)
        if item.form is Form.MATCHING:
            rows = [(pair.item, _TO_WRITE_SHORT if pair.item else "", pair.partner) for pair in item.pairs]
            self._table((words.item, words.letter, words.partner), rows)
        for step in item.steps:
            self._text(f"{_TO_WRITE_SHORT} {step}", indent=True)
        for line in range(item.lines):
            unit = f" {item.unit}" if item.unit and line == item.lines - 1 else ""
            before = f"{words.your_answer}: " if line == 0 else ""
            self._text(f"{before}{_TO_WRITE[len(before) + len(unit) :]}{unit}", indent=True)
        for row in item.key:
            if len(row.texts) == 1:
                self._labelled(row.label, row.texts[0], indent=True)
            else:
                self._labelled(row.label, "", indent=True)
                for text in row.texts:
                    self._text(text, _BULLET)

    def _coverage(self) -> None:
        sheet, words = self.sheet, self.sheet.words
        self._heading(words.coverage, 2)
        self._text(words.coverage_meaning, "Caption")
        rows = [(row.objective, row.sections, row.questions) for row in sheet.rows]
        self._table((words.objective, words.sections, words.questions), rows)
        for gap in sheet.gaps:
            self._text(gap, _BULLET)
        if sheet.notes:
            self._heading(words.notes, 2)
            for note in sheet.notes:
                self._text(note, _BULLET)

    def _table(self, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        """A table whose first row is marked as its header and comes again on each page."""
        table = self.document.add_table(rows=1 + len(rows), cols=len(header))
        table.style = self._styles["Table Grid"]
        grid = table._cells
        for at, text in enumerate([*header, *(cell for row in rows for cell in row)]):
            self._run(grid[at].paragraphs[0], text, bold=at < len(header))
        for number, row in enumerate(table.rows):
            properties = row._tr.get_or_add_trPr()
            _marked(properties, "w:cantSplit")
            if number == 0:
                _marked(properties, "w:tblHeader")
        self._paragraph()
