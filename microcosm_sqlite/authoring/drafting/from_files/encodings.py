"""Which encoding a text is in, as far as its bytes and the letters of languages tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category, name

from microcosm_sqlite.authoring.sources.streams import find_mark, open_bytes
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

_CYRILLIC = "оеаинтсрвлкм"
_KANA = "のにはをたがでてとしいるなかっこまもすれらりんさあくうきけ年日本大人学国中一"
_KANJI = (
    "一二三四五六七八九十百千万円年月日時分人名前男女大小中上下左右東西南北山川田村町市区都道府県"
    "郡島森林木花水火土金石岩原野谷沢池海浜橋本井口内外高低長新古佐藤鈴渡辺伊加吉松清斎坂岡青京阪"
    "神奈良和歌広福宮城秋形栃群埼玉葉梨静愛知重滋賀兵庫鳥取徳香媛熊崎児縄社会学校電車店駅番号地丁"
    "目氏住所性別生国立子美太郎正明光幸雄夫恵由香智真直文武春夏冬朝白黒赤空風雪星"
)
_HANZI = (
    "的一是不了在人有我他中大上和你地出道也年得就那要下以生自去之家心多天能好都日起成事只作"
    "想看文手十用主行方又如前所本面公同三已老市"
)
_SIMPLIFIED = f"{_HANZI}这来国个到说们为子时会着过学对后么开没于还发当无里见经头从动两长县区"
_TRADITIONAL = f"{_HANZI}這來國個到說們為子時會著過學對後麼開沒於還發當無裡見經頭從動兩長縣區"
_HANGUL = "이다는을가의에고하지도은한로서기사리를시과대인해그어나자아부정일수전상보장제여것구동주원"
FREQUENT = {
    "cp1251": (_CYRILLIC, 0.7),
    "cp1253": ("αοιετσνηυρπκςόίάέή", 0.8),
    "cp1255": ("יוהלאתרבמשםנד", 0.75),
    "koi8_r": (_CYRILLIC, 0.7),
    "cp866": (_CYRILLIC, 0.7),
    "mac_cyrillic": (_CYRILLIC, 0.7),
    "cp1256": ("اليمنرتوبةدع", 0.75),
    "cp874": ("านรอกเงมยลวด่้ีะิ์ัสทป", 0.75),
    "cp932": (_KANA + _KANJI, 0.5),
    "euc_jp": (_KANA + _KANJI, 0.5),
    "gb18030": (_SIMPLIFIED, 0.3),
    "big5": (_TRADITIONAL, 0.3),
    "cp949": (_HANGUL, 0.4),
}
"""Encodings of other scripts than Latin: letters that are frequent in their languages, and how much
of a text these make up. The likelier of two comes first."""

LATIN = {
    "cp1252": (
        "äöüß",  # German
        "áéíñóúüçºª",  # Spanish, Galician
        "áâãàçéêíóôõúü",  # Portuguese
        "àâæçèéêëîïôœùûüÿ",  # French
        "àèéìîòù",  # Italian
        "àçèéíïòóúü",  # Catalan
        "åäöé",  # Swedish, Finnish
        "æøåéòô",  # Danish, Norwegian
        "áæéðíóöþúý",  # Icelandic
        "äëéèïöüóê",  # Dutch
        "äõöüšž",  # Estonian
        "áéíóú",  # Irish
    ),
    "cp1250": (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýž",  # Czech
        "áäčďéíĺľňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "čćđšž",  # Croatian, Slovenian
        "ăâîşţ",  # Romanian
    ),
    "cp1254": ("çğıöşüâîûİ",),  # Turkish
    "cp1257": (
        "āčēģīķļņšūž",  # Latvian
        "ąčęėįšųūž",  # Lithuanian
    ),
}
"""Encodings of Latin letters, to the letters beyond ASCII of languages that are written in them."""


_LETTERS = ("Lu", "Ll", "Sk")
"""Categories of letters, and of accents without one, which no language has."""


def measure_frequent(text: str, encoding: str) -> float:
    """How much of a text its script's frequent letters make up, where 1 is usual.

    >>> measure_frequent("дороги и мосты", "cp1251") > 0.8 > measure_frequent("ЗПТПДБ ОБ", "cp1251")
    True
    """
    letters, usual = FREQUENT[encoding]
    found = [each for each in text.lower() if not each.isascii() and category(each)[0] != "P"]
    frequent = sum(each in letters for each in found)
    strange = sum(category(each)[0] in "CS" for each in found)
    return (frequent - strange) / usual / max(len(found), 1)


def measure_language(text: str, encoding: str) -> float:
    """How many of the letters beyond ASCII that one language of an encoding has, at most.

    >>> measure_language("für Übung", "cp1252"), measure_language("Mìsto, dìti, pøí", "cp1252")
    (1.0, 0.5)
    """
    found = [each for each in text if not each.isascii() and category(each) in _LETTERS]
    known = (
        sum(each in letters or each.lower() in letters for each in found)
        for letters in LATIN[encoding]
    )
    return max(known) / max(len(found), 1)


UTF8 = "utf-8"
_LATIN = ("cp1252", "mac_roman", "cp850", "cp1250", "iso8859_2", "latin-1")
"""Of those that make equal sense of a text, the first one is believed; the last takes all."""
_OTHER_LATIN = ("cp1250", "cp1254", "cp1257")
_SAMPLE = 1 << 20
_ENOUGH_FOR_SENSE = 1 << 16
_JOINERS = "\u2019\u2010\u2013\u2014\u00b7\u00ad"
"""Marks within words."""
_WORD = re.compile("(?:[^\\W\\d_]|[\u05b0-\u05c7\u064b-\u0652\u0e31-\u0e4e])+")
"""Letters, and the vowels and accents of Hebrew, Arabic and Thai."""
_ALIKE = 0.9
_BELIEVED = 0.5
"""How frequent the frequent letters of a script have to be, of what is usual."""
_SURE, _FOREIGN = 0.99, 0.95
"""How many letters one language has to have, and how many at most any of western Europe."""
_ENOUGH_OWN = 2
"""Different letters that cp1252 does not have, before another encoding is believed."""
_ENOUGH = 8
"""Letters of another script that make it believed."""


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
            if len(self.sample) < _SAMPLE:
                self.sample += line
        else:
            self.has_utf8 = True


@dataclass(frozen=True)
class FoundEncoding:
    """An encoding, and why it is believed.

    Attributes:
        name: As the option `encoding` takes it.
        evidence: A sentence, empty for UTF-8 and for what a byte order mark says.
    """

    name: str = UTF8
    evidence: str = ""


def find_encoding(path: Path) -> FoundEncoding:
    """Find out the encoding of a file, from all of it.

    Raises:
        SourceError: It cannot be read, or is no text.
    """
    with open_bytes(path) as stream:
        head = stream.read(1 << 12)
        if find_mark(head):
            return FoundEncoding()
        wide = _find_wide(head)
        if wide:
            return FoundEncoding(wide, f"{wide}, told by its zero bytes")
        stream.seek(0)
        census = _Census()
        for number, line in enumerate(stream, 1):
            if not line.isascii():
                census.add(number, line)
            if b"\0" in line:
                raise SourceError(
                    f"{path.name}, line {number}: a NUL character, which text does not have.",
                    file=path.name,
                    line=number,
                    hint="Remove it, or export the file anew; it may be damaged, or no text.",
                )
    return _judge(census) if census.strays else FoundEncoding()


def _find_wide(head: bytes) -> str:
    """UTF-16 without a byte order mark: half of the bytes of most languages are zero then."""
    if not head or len(head) % 2:
        return ""
    even, odd = head[::2].count(0), head[1::2].count(0)
    most = 0.4 * len(head) / 2
    if odd > most > 10 * even:
        return "utf-16-le"
    return "utf-16-be" if even > most > 10 * odd else ""


def _judge(census: _Census) -> FoundEncoding:
    head = census.sample[:_ENOUGH_FOR_SENSE]
    head = head[: head.rfind(b"\n") + 1] or head
    latin = _choose_latin(head, census.sample)
    if census.has_utf8:
        lines = spell_count(census.strays, "line")
        return FoundEncoding(
            f"{UTF8}+{latin}",
            f"UTF-8, but for {lines} (the first is {census.first}), read as {latin}",
        )
    found = _find_script(head) or latin
    return FoundEncoding(
        found, f"{found}, as line {census.first} is not UTF-8; look whether its letters are right"
    )


def _choose_latin(head: bytes, sample: bytes) -> str:
    """The encoding of Latin letters in which words look most like words of some language."""
    known = [one for one in _LATIN if _decodes(sample, one)]
    best = min(known, key=lambda one: count_oddities(head.decode(one, "ignore")))
    if best not in ("cp1252", *_OTHER_LATIN):
        return best
    western = measure_language(head.decode("cp1252", "ignore"), "cp1252")
    others = {one: _judge_latin(head, one) for one in _OTHER_LATIN if _decodes(sample, one)}
    other = max(others, key=lambda one: others[one], default=best)
    return other if western < _FOREIGN <= _SURE <= others.get(other, 0) else best


def _judge_latin(head: bytes, encoding: str) -> float:
    """How surely a text is one of a language whose encoding is not cp1252."""
    text = head.decode(encoding, "ignore")
    other = head.decode("cp1252", "replace")
    own = {letter.lower() for letter, read in zip(text, other, strict=False) if letter != read}
    return measure_language(text, encoding) if len(own) >= _ENOUGH_OWN else 0


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def count_oddities(text: str) -> int:
    """How often a letter beyond ASCII is none, or is a capital inside of a word.

    >>> count_oddities("Müller, 5 €"), count_oddities("M\u0178ller"), count_oddities("£ód\u0178")
    (0, 1, 2)
    """
    return sum(
        _is_odd(before, letter, after)
        for before, letter, after in zip(f" {text}", text, f"{text[1:]} ", strict=False)
        if not letter.isascii()
    )


def _is_odd(before: str, letter: str, after: str) -> bool:
    if letter.isalpha():
        is_inside = before.islower() or (before.isalpha() and after.islower())
        return letter.isupper() and is_inside
    kind = category(letter)
    is_joined = before.isalpha() and letter not in _JOINERS
    return kind == "Cc" or (after.isalpha() and (is_joined or kind[0] in "SN"))


def _find_script(sample: bytes) -> str:
    """An encoding of a script other than Latin, where there is text enough to tell."""
    scores = {one: _judge_script(sample, one) for one in FREQUENT if _decodes(sample, one)}
    best = max(scores.values(), default=0)
    # The first one of those that fit about as well.
    return next((one for one in scores if scores[one] >= max(best * _ALIKE, _BELIEVED)), "")


def _judge_script(sample: bytes, encoding: str) -> float:
    """How much a text looks as one of a script does; zero for one that mixes it with Latin."""
    text = sample.decode(encoding)
    letters = [letter for letter in text if letter.isalpha() and not letter.isascii()]
    foreign = sum(map(_is_foreign, letters))
    if foreign < _ENOUGH or foreign <= len(letters) / 2 or mixes_scripts(text):
        return 0
    return measure_frequent(text, encoding) - 2 * count_oddities(text) / len(letters)


def mixes_scripts(text: str) -> bool:
    """Whether words with letters of another script often have ASCII letters too.

    They do where text in Latin letters is read in another encoding than its own.

    >>> mixes_scripts("f\u0456r alle"), mixes_scripts("\u0434\u043b\u044f all")
    (True, False)
    """
    words = [word for word in _WORD.findall(text) if any(map(_is_foreign, word))]
    mixed = sum(any(letter.isascii() for letter in word) for word in words)
    return 4 * mixed > len(words)


def _is_foreign(letter: str) -> bool:
    return not letter.isascii() and not name(letter, "").startswith("LATIN")
