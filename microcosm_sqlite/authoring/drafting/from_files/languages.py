"""Which letters languages are written in, and which of these are frequent.

That is enough to tell the encodings of a text apart: read in a wrong one, it has letters that are
rare, or that no one language has together.
"""

from __future__ import annotations

from unicodedata import category

_CYRILLIC = "оеаинтсрвлкм"
_KANA = "のにはをたがでてとしいるなかっこまもすれらりんさあくうきけ年日本大人学国中一"
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
    "cp932": (_KANA, 0.5),
    "euc_jp": (_KANA, 0.5),
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
