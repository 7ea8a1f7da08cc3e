"""Which encoding a text is in, as far as its bytes and the letters of languages tell.

Each encoding is tried on the bytes that are not ASCII, and so is each language that is written in
it: what comes out is the more likely, the more usual its letters are there, and the more they stand
where letters stand. How likely is a logarithm throughout.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from unicodedata import category

from microcosm_sqlite.authoring.drafting.from_files.views import find_wide
from microcosm_sqlite.authoring.sources.streams import DOS_MARK, find_mark, open_bytes
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

UTF8 = "utf-8"

# Letters beyond ASCII of languages, the most frequent first.
_FRENCH, _PORTUGUESE, _DANISH = "éèàêçôîâûùïœë", "ãçáéíóêõâúàô", "øåæéö"
_NAMES = "éöüáíóäèåøçñãëæïêúôâßðýþàòìùî"
_WESTERN = (
    "üäößéè", _FRENCH, "óíáéñúü", _PORTUGUESE, "àèùòìé", "ëéïöüè", "äöåé", _DANISH, "ðíáöþéúóæý",
    "àèéóíòçúïü", "äõüöšž", "áéíóú", "ëç", _NAMES,
)  # fmt: skip
"""German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Danish, Icelandic, Catalan,
Estonian, Irish, Albanian, and names of all of them together."""
_ROMANIAN = "ășțîâ"
_CENTRAL = (
    "łóążęśćńź", "íáéýěščžřůúťňďó", "áíéžščýúľťôňďäóĺŕ", "áéöőóüíúű", "čšž", "šžčćđ", "ăşţîâ",
    _ROMANIAN, "üäöß",
)  # fmt: skip
"""Polish, Czech, Slovak, Hungarian, Slovenian, Croatian, Romanian in two spellings, German."""
_BALTIC = ("āīēšūņļžķčģ", "ėųšžūąįčę", "äõüöšž")
_TURKISH = ("ıüşğöçİâî",)
_VIETNAMESE = ("\u0301\u0300ôđ\u0323êâươ\u0309ă\u0303áàéíóúèù",)
_CYRILLIC = (
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "оаинвітерсклудмпзяьбгйчюхжцєїшщфґ",
    "аеоинтрвсдлпкмзгбъучщцхжйшяюфь",
    "аоиенрјтсвкудмпзгблчшцжњљћхфђџ",
)
_GREEK = ("ατοιενσρκπυςλμηγδίόάέωήθχφβώύξζψϊΐϋΰ",)
_HEBREW = ("יהולאתרבמשםנדחקעצפגסזטךןףכץ",)
_ARABIC = ("اليمنوتربةدعسفهكقحجأشصطخضزذثغءإئىظآؤپچژگ",)
_THAI = ("านรอกเงมยลวดทส่้ตะัปบีค็ิหจพช์ใแไขธผุูืำโถซณฐญศษฟฝฮฎภฉๆฤึ",)
_SCRIPTS = (_CYRILLIC, _GREEK, _HEBREW, _ARABIC, _THAI)

_LANGUAGES: dict[str, tuple[float, tuple[str, ...]]] = {
    "cp1252": (0, _WESTERN), "cp1250": (-2, _CENTRAL), "cp1251": (-5, _CYRILLIC),
    "cp1253": (-5, _GREEK), "cp1254": (-2.5, _TURKISH), "cp1255": (-5, _HEBREW),
    "cp1256": (-5, _ARABIC), "cp1257": (-2.5, _BALTIC), "cp1258": (-5, _VIETNAMESE),
    "cp874": (-5, _THAI), "iso8859_15": (-3, _WESTERN), "iso8859_2": (-3.5, _CENTRAL),
    "iso8859_4": (-7, _BALTIC), "iso8859_5": (-9, _CYRILLIC), "iso8859_6": (-8, _ARABIC),
    "iso8859_7": (-7, _GREEK), "iso8859_8": (-7, _HEBREW), "iso8859_9": (-4, _TURKISH),
    "iso8859_13": (-6, _BALTIC), "iso8859_16": (-6, (_ROMANIAN,)), "koi8_r": (-7, _CYRILLIC),
    "koi8_u": (-8, _CYRILLIC), "cp866": (-7, _CYRILLIC), "mac_cyrillic": (-9, _CYRILLIC),
    "mac_roman": (-6, _WESTERN), "mac_latin2": (-8, _CENTRAL), "cp850": (-4, _WESTERN),
    "cp437": (-4.5, _WESTERN), "cp852": (-5, _CENTRAL), "cp857": (-6, _TURKISH),
    "cp775": (-7, _BALTIC), "cp860": (-6, (_PORTUGUESE,)), "cp865": (-6, (_DANISH,)),
    "cp737": (-9, _GREEK), "cp869": (-10, _GREEK), "cp862": (-9, _HEBREW),
    "latin-1": (-9, _WESTERN),
}  # fmt: skip
"""Encodings of one byte for each letter, how usual they are, and languages written in them. The
last one takes all bytes."""

_KANA = "のにはをたがでてとしいるなかっこまもすれらりんさあくうきけ"
_KANJI = (
    "一二三四五六七八九十百千万円年月日時分人名前男女大小中上下左右東西南北山川田村町市区都道府県"
    "郡島森林木花水火土金石岩原野谷沢池海浜橋本井口内外高低長新古佐藤鈴渡辺伊加吉松清斎坂岡青京阪"
    "神奈良和歌広福宮城秋形栃群埼玉葉梨静愛知重滋賀兵庫鳥取徳香媛熊崎児縄社会学校電車店駅番号地丁"
    "目氏住所性別生国立子美太郎正明光幸雄夫恵由香智真直文武春夏冬朝白黒赤空風雪星"
)
_HANZI = (
    "的一是不了在人有我他中大上和你地出道也年得就那要下以生自去之家心多天能好都日起成事只作想看文手"
    "十用主行方又如前所本面公同三已老市男女姓名址口地北京上海重四川西"
)
_SIMPLIFIED = (
    f"{_HANZI}这来国个到说们为子时会着过学对后么开没于还发当无里见经头从动两长县区总数广东统计"
)
_TRADITIONAL = (
    f"{_HANZI}這來國個到說們為子時會著過學對後麼開沒於還發當無裡見經頭從動兩長縣區總數廣東統計臺"
)
_HANGUL = "이다는을가의에고하지도은한로서기사리를시과대인해그어나자아부정일수전상보장제여것구동주원"

_WIDE = {
    "cp932": (-3, _KANA + _KANJI, 0x97),
    "euc_jp": (-4, _KANA + _KANJI, 0xCF),
    "gb18030": (-3, _SIMPLIFIED, 0xD7),
    "big5": (-3.5, _TRADITIONAL, 0xC6),
    "cp949": (-3.5, _HANGUL, 0xC8),
}
"""Encodings of several bytes: how usual they are, their frequent letters, and the last first byte
of letters that are not rare."""

_RATE = 0.06
"""How many letters of a language in Latin letters are beyond ASCII."""
_STRANGE = -8.0
"""How likely a letter is that its language does not have."""
_CAPITAL, _INSIDE, _MIXED, _CROWDED = -2.3, -7.0, -4.0, -1.0
"""What a capital costs, one within a word, a letter beside one of another script, and one that
is not ASCII beside another."""
# Quotes, dashes and the like: which begin a word, end one, or join two.
_OPENERS = "\u2018\u201c\u201e\u201a\u00ab\u00bb\u00bf\u00a1\u2013\u2014\u2026\u20ac\u00a3\u00a0"
_CLOSERS = "\u2018\u2019\u201c\u201d\u00bb\u2013\u2014\u2026\u00b0\u00b2\u00b3\u00ba\u00aa\u00ae"
_HYPHENS, _DASHES = "\u2010\u00b7\u00a0", "\u2013\u2014"
_OTHERS = "\u00ad\u00bd\u00b5\u00a7\uff0c\u3002\uff1a\uff08\uff09\u3001\u300c\u300d\u3000\u30fc"
_MARKS = f"{_OPENERS}{_CLOSERS}{_HYPHENS}{_OTHERS}"
_SAMPLE = 1 << 14
_DOUBTFUL, _MOST_TOLD = 6, 3
"""How much likelier an encoding is than those that need not be told, and how many are told."""
_WORD = re.compile(r"[^\s,;|\"]+")
_ESCAPES = re.compile(rb"\x1b\$[@B].*?\x1b\([BJ]")


class _Reading(NamedTuple):
    """How likely it is that a text is in an encoding, and what it says then."""

    likelihood: float
    encoding: str
    text: str


@dataclass
class _Census:
    """The lines of a file that are not plain ASCII.

    Attributes:
        first: The first line that is not UTF-8, from one.
        strays: How many are not.
        has_utf8: Whether others are, with letters beyond ASCII.
        sample: The first of the strays.
    """

    first: int = 0
    strays: int = 0
    has_utf8: bool = False
    sample: bytes = b""

    def add(self, number: int, line: bytes) -> None:
        """Look at a line."""
        try:
            line.decode(UTF8)
        except UnicodeDecodeError:
            self.first = self.first or number
            self.strays += 1
            if len(self.sample) + len(line) <= _SAMPLE or not self.sample:
                self.sample += line
        else:
            self.has_utf8 = True


@dataclass(frozen=True)
class FoundEncoding:
    """An encoding, and why it is believed.

    Attributes:
        name: As the option `encoding` takes it.
        evidence: A sentence, empty for UTF-8 and for what a byte order mark says.
        has_dos_mark: Whether the byte that ended files of DOS is at its end.
    """

    name: str = UTF8
    evidence: str = ""
    has_dos_mark: bool = False


def find_encoding(path: Path) -> FoundEncoding:
    """Find out the encoding of a file, from all of it.

    Raises:
        SourceError: It cannot be read, or is no text.
    """
    with open_bytes(path) as stream:
        head = stream.read(1 << 12)
        if find_mark(head):
            return FoundEncoding()
        wide = find_wide(head)
        if wide:
            return FoundEncoding(wide, f"{wide}, told by its zero bytes")
        stream.seek(0)
        census, line = _Census(), b""
        for number, line in enumerate(stream, 1):
            if not line.isascii():
                census.add(number, line)
            elif b"\x1b$" in line and _ESCAPES.search(line):
                return FoundEncoding(
                    "iso2022_jp", f"iso2022_jp, told by escape sequences (line {number})"
                )
            if b"\0" in line:
                raise SourceError(
                    f"{path.name}, line {number}: a NUL character, which text does not have.",
                    file=path.name,
                    line=number,
                    hint="Remove it, or export the file anew; it may be damaged, or no text.",
                )
    found = _judge(census) if census.strays else FoundEncoding()
    return replace(found, has_dos_mark=line.rstrip(b"\r\n").endswith(DOS_MARK))


def _judge(census: _Census) -> FoundEncoding:
    readings = list_readings(census.sample, is_mixed=census.has_utf8)
    alike = [each.encoding for each in readings if each.text == readings[0].text]
    best = max(alike, key=lambda name: {**_LANGUAGES, **_WIDE}[name][0])
    doubt = _describe_doubt(readings)
    if census.has_utf8:
        lines = spell_count(census.strays, "line")
        return FoundEncoding(
            f"{UTF8}+{best}",
            f"UTF-8, but for {lines} (the first is {census.first}), read as {best}{doubt}",
        )
    return FoundEncoding(
        best,
        f"{best}, as line {census.first} is not UTF-8; look whether its letters are right{doubt}",
    )


def _describe_doubt(readings: list[_Reading]) -> str:
    """What the next likely encodings would read, where they are about as likely."""
    best, told = readings[0], dict[str, str]()
    for other in readings[1:]:
        words = zip(_WORD.findall(best.text), _WORD.findall(other.text), strict=False)
        here, there = next((pair for pair in words if pair[0] != pair[1]), ("", ""))
        if best.likelihood - other.likelihood < _DOUBTFUL and here:
            read = f"{here!r} would be {there!r}" if not told else repr(there)
            told.setdefault(there, f'{read} with `encoding = "{other.encoding}"`')
    return f": {' or '.join([*told.values()][:_MOST_TOLD])} under `csv`" if told else ""


def list_readings(sample: bytes, *, is_mixed: bool = False) -> list[_Reading]:
    """What bytes may say in each encoding, the likeliest first.

    Args:
        sample: Lines that are not UTF-8.
        is_mixed: Whether there is UTF-8 beside them; then each byte is a letter.

    >>> [list_readings(text.encode("cp1252"))[0].text for text in ("für", "5 €")]
    ['für', '5 €']
    """
    readings = [*_read_letters(sample)]
    if not is_mixed:
        readings += _read_wide_letters(sample)
    return sorted(readings, reverse=True)


def _read_letters(sample: bytes) -> Iterator[_Reading]:
    for encoding, text in _decode(sample, _LANGUAGES):
        usual, languages = _LANGUAGES[encoding]
        is_script = languages in _SCRIPTS
        letters, cost = _weigh(text, is_script=is_script)
        found = max(_compare(letters, language, is_script=is_script) for language in languages)
        yield _Reading(usual + cost + found, encoding, text)


def _read_wide_letters(sample: bytes) -> Iterator[_Reading]:
    for encoding, text in _decode(sample, _WIDE):
        cost = sum(
            count * (_judge_wide(letter, encoding) + _mix(before, after))
            for (before, letter, after), count in _count(text).items()
        )
        yield _Reading(_WIDE[encoding][0] + cost, encoding, text)


def _decode(sample: bytes, encodings: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each encoding that all of the bytes are text in, and that text."""
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            yield encoding, sample.decode(encoding)


def _count(text: str) -> Counter[tuple[str, str, str]]:
    """The letters that are not ASCII, each between its neighbours."""
    around = zip(f" {text}", text, f"{text[1:]} ", strict=False)
    return Counter(each for each in around if not each[1].isascii())


def _weigh(text: str, *, is_script: bool) -> tuple[Counter[str], float]:
    """The letters of a text, and the likelihood of all else, whatever its language."""
    letters, total = Counter[str](), 0.0
    for (before, letter, after), count in _count(text).items():
        kind = category(letter)
        if kind in ("Lu", "Ll", "Mn") or (kind in ("Lo", "Lm", "Mc") and is_script):
            letters[letter if letter == "İ" else letter.lower()] += count
            is_crowded = before.isalpha() and not before.isascii()
            cost = _mix(before, after) if is_script else _CROWDED * is_crowded
            if letter.isupper() and letter != "İ":
                is_inside = before.islower() or (before.isalpha() and after.islower())
                cost += _CAPITAL + _INSIDE * is_inside
            if kind == "Mn" and not (before.isalpha() or category(before) == "Mn"):
                cost += _INSIDE
        else:
            cost = _judge_mark(before, letter, after)
        total += count * cost
    return letters, total


def _judge_mark(before: str, mark: str, after: str) -> float:
    """How likely a mark is where it stands."""
    if category(mark)[0] == "C" and mark not in _MARKS:
        return -15.0
    cost = -4.0 if mark in _MARKS else -9.0
    if before.isalpha() and after.isalpha() and mark not in f"\u2019{_HYPHENS}":
        return cost if mark in _DASHES and after.isupper() else cost - 5
    if before.isalpha() and mark not in _CLOSERS + _HYPHENS:
        return cost - 6
    return cost - 7 if after.isalpha() and mark not in _OPENERS + _HYPHENS else cost


def _mix(before: str, after: str) -> float:
    """What it costs to stand beside ASCII letters, with which other scripts are not mixed."""
    return _MIXED * sum(each.isascii() and each.isalpha() for each in (before, after))


def _compare(letters: Counter[str], language: str, *, is_script: bool) -> float:
    """How likely these are letters of a language."""
    shares = [1 / (rank + 2) for rank in range(len(language))]
    rate = (1 if is_script else _RATE) / sum(shares)
    known = {letter: math.log(rate * share) for letter, share in zip(language, shares, strict=True)}
    found = sum(count * known.get(letter, _STRANGE) for letter, count in letters.items())
    return found - 2 * (language == _NAMES)


def _judge_wide(letter: str, encoding: str) -> float:
    """How likely a letter or mark is in an encoding of several bytes."""
    _, frequent, last = _WIDE[encoding]
    if letter in frequent:
        return -4.0 if letter in _KANA else -5.0
    if "\u3040" <= letter < "\u3100" or letter in _MARKS:
        return -5.0
    if "\uff61" <= letter < "\uffa0":
        return -6.5
    if "\u4e00" <= letter < "\ua000" or "\uac00" <= letter < "\ud7b0":
        is_other = (letter >= "\uac00") != (encoding == "cp949")
        is_rare = letter.encode(encoding)[0] > last or len(letter.encode(encoding)) > 2
        return -8.0 - 4 * is_rare - 4 * is_other
    return -20.0 if category(letter)[0] == "C" else -13.0
