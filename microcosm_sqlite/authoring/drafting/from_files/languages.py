"""The letters that languages use beyond ASCII, and the encodings that they are written in."""

from __future__ import annotations

# Letters beyond ASCII of languages, the most frequent first.
_FRENCH, _PORTUGUESE, _DANISH = "éèàêçôîâûùïœë", "ãçáéíóêõâúàô", "øåæéö"
NAMES = "éöüáíóäèåøçñãëæïêúôâßðýþàòìùî"
_WESTERN = (
    "üäößéè", _FRENCH, "óíáéñúü", _PORTUGUESE, "àèùòìé", "ëéïöüè", "äöåé", _DANISH, "ðíáöþéúóæý",
    "àèéóíòçúïü", "äõüöšž", "áéíóú", "ëç", NAMES,
)  # fmt: skip
"""German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Danish, Icelandic, Catalan,
Estonian, Irish, Albanian, and names of all of them together."""
_ROMANIAN = "ășțîâ"
_POLISH = "łóążęśćńź"
_SOUTHERN = ("áéöőóüíúű", "čšž", "šžčćđ")
_CENTRAL = (
    _POLISH, "íáéýěščžřůúťňďó", "áíéžščýúľťôňďäóĺŕ", *_SOUTHERN, "ăşţîâ", _ROMANIAN, "üäöß",
)  # fmt: skip
"""Polish, Czech, Slovak, Hungarian, Slovenian, Croatian, Romanian in two spellings, German."""
_BALTIC = ("āīēšūņļžķčģ", "ėųšžūąįčę", "äõüöšž")
_NORTHERN = (*_BALTIC, _POLISH, _DANISH)
"""Those that the encodings of Latvian and Lithuanian have letters for as well."""
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
SCRIPTS = (_CYRILLIC, _GREEK, _HEBREW, _ARABIC, _THAI)

LANGUAGES: dict[str, tuple[float, tuple[str, ...]]] = {
    "cp1252": (0, _WESTERN), "cp1250": (-2, _CENTRAL), "cp1251": (-5, _CYRILLIC),
    "cp1253": (-5, _GREEK), "cp1254": (-2.5, _TURKISH), "cp1255": (-5, _HEBREW),
    "cp1256": (-5, _ARABIC), "cp1257": (-2.5, _NORTHERN), "cp1258": (-5, _VIETNAMESE),
    "cp874": (-5, _THAI), "iso8859_15": (-3, _WESTERN), "iso8859_2": (-3.5, _CENTRAL),
    "iso8859_4": (-7, _BALTIC), "iso8859_5": (-9, _CYRILLIC), "iso8859_6": (-8, _ARABIC),
    "iso8859_7": (-7, _GREEK), "iso8859_8": (-7, _HEBREW), "iso8859_9": (-4, _TURKISH),
    "iso8859_13": (-6, _NORTHERN), "iso8859_16": (-6, (_ROMANIAN, _POLISH, *_SOUTHERN)),
    "koi8_r": (-7, _CYRILLIC),
    "koi8_u": (-8, _CYRILLIC), "cp866": (-7, _CYRILLIC), "mac_cyrillic": (-9, _CYRILLIC),
    "mac_roman": (-6, _WESTERN), "mac_latin2": (-8, _CENTRAL), "cp850": (-4, _WESTERN),
    "cp437": (-4.5, _WESTERN), "cp852": (-5, _CENTRAL), "cp857": (-6, _TURKISH),
    "cp775": (-7, _NORTHERN), "cp860": (-6, (_PORTUGUESE,)), "cp865": (-6, (_DANISH,)),
    "cp737": (-9, _GREEK), "cp869": (-10, _GREEK), "cp862": (-9, _HEBREW),
    "latin-1": (-9, _WESTERN),
}  # fmt: skip
"""Encodings of one byte for each letter, how usual they are, and languages written in them. The
last one takes all bytes."""

KANA = "のにはをたがでてとしいるなかっこまもすれらりんさあくうきけ"
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

WIDE = {
    "cp932": (-3, KANA + _KANJI, 0x97),
    "euc_jp": (-4, KANA + _KANJI, 0xCF),
    "gb18030": (-3, _SIMPLIFIED, 0xD7),
    "big5": (-3.5, _TRADITIONAL, 0xC6),
    "cp949": (-3.5, _HANGUL, 0xC8),
}
"""Encodings of several bytes: how usual they are, their frequent letters, and the last first byte
of letters that are not rare."""
