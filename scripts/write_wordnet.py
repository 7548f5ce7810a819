"""Write the nouns of WordNet that the quiz takes wrong answers from.

    apt-get download wordnet-base && dpkg-deb -x wordnet-base_*.deb x
    python scripts/write_wordnet.py x/usr/share/wordnet

The input is that of Debian's wordnet-base 1:3.0-37; ``INPUT`` has the checksums, and other bytes are refused, so that
the output is the same for everybody. It goes to ``platform/content/language/data/wordnet``; ``wordnet.py`` there says what its
lines mean.
"""

import hashlib
import re
import sys
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

INPUT: Final = {
    "data.noun": "fea17d2f9656611334eac790e5d69e47645fa180c4aa481fb4cd9b3520754ca2",
    "index.noun": "a490d99d93d017bf4822fe2f0ffa51fd73911ce271dc7535fade21f8814b5a04",
    "noun.exc": "2b5d675c380b39ecf595af9fa9d4e7feb1d58c643b0bff08c40ed5bfe41fab7a",
    "cntlist.rev": "a198580b8f705fa02797bba8b13e5cbe4a9f9f40cb1697e774c7fc6a5865b035",
}
OUTPUT: Final = (
    Path(__file__).parent.parent / "src/toolboxai/platform/content/language/data/wordnet/nouns.txt.z"
)

_LEMMA: Final = re.compile(r"[A-Za-z]{3,}(?:[-_][A-Za-z]{2,})?")
# Words that do not belong before a class, told by their explanation.
_UNFIT: Final = re.compile(
    r"offensive|slang|vulgar|obscen|slur|disparag|derogat|contempt|ethnic|sexual|genital|penis|vagina|anus|buttock|breast"
    r"|prostitut|copulat|intercourse|erotic|narcotic|heroin|cocaine|cannabis|marijuana|Nazi|racis|murder|suicid|torture"
    r"|excrement|feces|urine|semen|nipple|pornogra|homosex|lesbian|intoxicat|drunk|stupid|idiot|coward|fool|insult",
    re.IGNORECASE,
)
# Of these fields of WordNet words are kept that its texts never met, such as transpiration: body, event, natural
# object, phenomenon, process, shape, substance. Of the others, which are vast, only words that were met.
_WHOLE_FIELDS: Final = frozenset({"08", "11", "17", "19", "22", "25", "27"})
_SENSES: Final = 4  # rarer meanings of a word tell nobody anything


@dataclass
class Synset:
    """One meaning: its words, what it is a kind of, and how often its words were met with it."""

    field: str
    words: list[str]
    parents: list[str]
    gloss: str


def read_synsets(folder: Path) -> dict[str, Synset]:
    """All meanings by their offset."""
    synsets = {}
    for line in lines(folder / "data.noun"):
        head, _, gloss = line.partition(" | ")
        parts = head.split(" ")
        words = int(parts[3], 16)
        pointers = parts[4 + 2 * words + 1 :]
        parents = [pointers[at + 1] for at in range(0, len(pointers) - 3, 4) if pointers[at] in ("@", "@i")]
        synsets[parts[0]] = Synset(parts[1], parts[4 : 4 + 2 * words : 2], parents, gloss)
    return synsets


def lines(path: Path) -> list[str]:
    """The lines of a file of WordNet but for its licence, which is indented."""
    return [line for line in path.read_text(encoding="ascii").splitlines() if not line.startswith("  ")]


def read_senses(folder: Path) -> dict[str, list[str]]:
    """For each word in lower case its meanings, the most frequent first."""
    senses = {}
    for line in lines(folder / "index.noun"):
        parts = line.split()
        senses[parts[0]] = parts[-int(parts[2]) :]
    return senses


def read_counts(folder: Path) -> dict[tuple[str, int], int]:
    """How often each meaning of a noun was met, by the word and the number of its meaning."""
    counts = {}
    for line in (folder / "cntlist.rev").read_text(encoding="ascii").splitlines():
        key, number, count = line.split()
        word, _, rest = key.partition("%")
        if rest.startswith("1:"):
            counts[word, int(number)] = int(count)
    return counts


def kept_words(
    synsets: dict[str, Synset], senses: dict[str, list[str]], counts: dict[tuple[str, int], int]
) -> dict[str, dict[str, int]]:
    """For each meaning that is kept its words, each with how often it was met so; parents without a word stay as links."""
    kept: dict[str, dict[str, int]] = {}
    for offset, synset in synsets.items():
        if _UNFIT.search(synset.gloss):
            continue
        met = {}
        for word in synset.words:
            number = senses[word.lower()].index(offset) + 1
            count = counts.get((word.lower(), number), 0)
            whole = synset.field in _WHOLE_FIELDS and number == 1 and "_" not in word and word.islower()
            if number <= _SENSES and _LEMMA.fullmatch(word) and (count or whole):
                met[word] = count
        if met:
            kept[offset] = met
    links = [parent for offset in kept for parent in synsets[offset].parents]
    while links:
        offset = links.pop()
        if offset not in kept:
            kept[offset] = {}
            links.extend(synsets[offset].parents)
    return kept


def in_order(synsets: dict[str, Synset], kept: dict[str, dict[str, int]]) -> list[str]:
    """The kept meanings, level by level from the top, so that those of one (first) parent stand together."""
    children: dict[str, list[str]] = defaultdict(list)
    for offset in sorted(kept):
        parents = synsets[offset].parents
        children[parents[0] if parents else ""].append(offset)
    order: list[str] = list(children[""])
    for offset in order:  # grows while it is read
        order.extend(children[offset])
    return order


def written(folder: Path) -> bytes:
    """The lines of the output."""
    synsets = read_synsets(folder)
    kept = kept_words(synsets, read_senses(folder), read_counts(folder))
    order = in_order(synsets, kept)
    number = {offset: at for at, offset in enumerate(order)}
    meanings = []
    words: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, offset in enumerate(order):
        parents = ",".join(str(number[parent]) for parent in synsets[offset].parents)
        met = kept[offset]
        shown = ",".join(f"{word}:{count}" if count else word for word, count in met.items())
        meanings.append(f"{parents} {shown}".rstrip())
        for word, count in met.items():
            words[word].append((-count, at))
    index = [
        f"{word} {','.join(str(at) for _, at in sorted(places))}" for word, places in sorted(words.items())
    ]
    return "\n".join([*meanings, "", *index]).encode("ascii")


def main() -> None:
    """Check the input and write the output."""
    folder = Path(sys.argv[1])
    for name, expected in INPUT.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != expected:
            sys.exit(f"{name} has the checksum {found}, not {expected}: is this wordnet-base 1:3.0-37?")
    text = written(folder)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_bytes(zlib.compress(text, 9))


if __name__ == "__main__":
    main()
