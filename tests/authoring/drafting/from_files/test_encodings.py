"""Letters are those that the author of a file wrote, in the languages that its bytes may be of."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.from_files.encodings import find_encoding, mixes_scripts

LATIN = {
    "German": "Förderung außerhalb der Länder|Zuschüsse für Maßnahmen|Öffentliche Gebühren, Größe",
    "Spanish": "Educación y formación|Niños y jóvenes de España|Según la región, ¿qué año?",
    "Portuguese": "É a produção da região|São Paulo não é só isto|Às três, à mão, informações",
    "French": "Où êtes-vous, à Orléans ?|Les élèves français ont été reçus|Le cœur, déjà à côté",
    "Italian": "La città è più bella|Perché non c'è la società|Così è l'università, però",
    "Swedish": "Åtgärder för små företag|Över älven går vägen|Människor på öar",
    "Danish": "Øerne på søen|Børn og unge får hjælp|Æbler, rødgrød med fløde",
    "Norwegian": "Gårder på Østlandet|Ærlighet for små båter|Få ører høres",
    "Finnish": "Äänestäjät päättävät itse|Työllisyys ja yrittäjyys|Hyvää yötä, Jyväskylä",
    "Dutch": "Coördinatie van reünies|Geïnteresseerde één per één|De zeeën en ideeën",
    "Icelandic": "Það er gott veður í dag|Börnin fóru út á völlinn|Ísland er eyja í norðri",
    "Catalan": "La població és a Barcelona|Això és el català|Què és l'educació, però",
    "Irish": "Tá an aimsir go maith inniu|Éire agus an tír|Scoileanna náisiúnta, páistí óga",
    "Estonian": "Tööhõive ja ettevõtlus|Õpilased käivad koolis|Külad ja mõisad, jõed, järved",
}
OTHER_LATIN = {
    "Polish": ("cp1250", "Zażółć gęślą jaźń|Wójt gminy Łęczyca|Środki na drogi, oświatę"),
    "Czech": ("cp1250", "Příliš žluťoučký kůň|Výdaje na školství|Město Brno, děti, příspěvky"),
    "Slovak": ("cp1250", "Výdavky na školstvo|Mesto Košice, deti|Ďalšie príspevky, ľudia, ťažký"),
    "Hungarian": ("cp1250", "Árvíztűrő tükörfúrógép|Az önkormányzat|Nők és férfiak, idősek"),
    "Croatian": ("cp1250", "Grad Čakovec i županija|Škole i vrtići, žene|Đakovo, općina, šume"),
    "Romanian": ("cp1250", "Cheltuieli pentru învăţământ|Oraşul Iaşi, străzi|Judeţul, ţară"),
    "Turkish": ("cp1254", "Türkiye İstanbul şehri|Öğrenciler için ağaç|Işık, güneş, gıda, sağlık"),  # noqa: RUF001
    "Latvian": ("cp1257", "Rīgas pilsētas budžets|Skolēni un bērni|Jūrmala, ceļš, ēka, šķiet"),
    "Lithuanian": ("cp1257", "Vilniaus biudžetas|Mokyklų ir vaikų|Žmonės, ūkis, šalis, gėlė"),
}
OTHERS = {
    "Russian": ("cp1251", "Привет мир это проверка|Бюджет на следующий год|Дороги и мосты"),
    "Russian in KOI-8": ("koi8_r", "Привет мир это проверка|Бюджет на следующий год|Дороги"),
    "Russian of DOS": ("cp866", "Привет мир это проверка|Бюджет на следующий год|Дороги и мосты"),
    "Ukrainian": ("cp1251", "Бюджет міста на рік|Їжа, європейський, дороги|Освіта і культура"),  # noqa: RUF001
    "Bulgarian": ("cp1251", "Бюджет на общината|Пътища и мостове|Училища и детски градини"),
    "Serbian": ("cp1251", "Буџет града Београда|Школе и вртићи, деца|Путеви и мостови, људи"),
    "Greek": ("cp1253", "Καλημέρα κόσμε αυτό είναι|Προϋπολογισμός της πόλης|Δρόμοι και γέφυρες"),
    "Hebrew": ("cp1255", "תקציב העיר לשנה הבאה|כבישים וגשרים בעיר|בתי ספר וגני ילדים"),
    "Arabic": ("cp1256", "ميزانية المدينة للسنة القادمة|الطرق والجسور|المدارس ورياض الأطفال"),
    "Thai": ("cp874", "งบประมาณของเมืองสำหรับปี|ถนนและสะพานในเมือง|โรงเรียนและเด็กเล็ก"),
    "Japanese": ("cp932", "東京都の予算について|道路と橋の建設費用です|こんにちは世界これはテスト"),
    "Japanese names": ("cp932", "氏名|佐藤太郎|鈴木花子|東京都新宿区西新宿|大阪府大阪市北区"),
    "Japanese names of Unix": ("euc_jp", "氏名|佐藤太郎|鈴木花子|東京都新宿区西新宿"),
    "Japanese of Unix": ("euc_jp", "東京都の予算について|道路と橋の建設費用です|これはテストです"),
    "Chinese": ("gb18030", "北京市的财政预算|道路和桥梁的建设费用|这是一个测试文件的内容"),
    "Chinese of Taiwan": ("big5", "臺北市的財政預算|道路和橋樑的建設費用|這是一個測試檔案的內容"),
    "Korean": ("cp949", "서울시의 예산은 다음과 같다|도로와 다리를 건설하는 비용|이것은 시험"),
}


def write(folder: Path, text: str, encoding: str) -> Path:
    lines = [f"{number},{title}," for number, title in enumerate(text.split("|") * 4)]
    path = folder / "t.csv"
    path.write_bytes("\n".join(["id,title,x", *lines, ""]).encode(encoding))
    return path


@pytest.mark.parametrize("language", LATIN)
def test_latin_letters_are_not_taken_for_another_script(tmp_path: Path, language: str) -> None:
    for text in (LATIN[language], LATIN[language].split("|")[0]):
        path = write(tmp_path, text, "cp1252")
        found = find_encoding(path)
        assert path.read_text(found.name) == path.read_text("cp1252")
        assert "look whether its letters are right" in found.evidence


@pytest.mark.parametrize("language", [*OTHER_LATIN, *OTHERS])
def test_texts_of_other_languages_are_read_in_their_letters(tmp_path: Path, language: str) -> None:
    encoding, text = {**OTHER_LATIN, **OTHERS}[language]
    path = write(tmp_path, text, encoding)
    assert path.read_text(find_encoding(path).name) == path.read_text(encoding)


def test_names_of_all_countries_are_no_other_language(tmp_path: Path) -> None:
    path = write(tmp_path, "Søren Sánchez|Håkon Müller, Curaçao|Zoë Nuñez, Besançon", "cp1252")
    assert find_encoding(path).name == "cp1252"


@pytest.mark.parametrize("wrong", ["cp1251", "cp1253", "cp1255", "koi8_r", "mac_cyrillic"])
@pytest.mark.parametrize("language", LATIN)
def test_latin_text_in_another_encoding_mixes_scripts(language: str, wrong: str) -> None:
    assert mixes_scripts(LATIN[language].encode("cp1252").decode(wrong, "ignore"))


@pytest.mark.parametrize("language", ["German", "Spanish", "Icelandic"])
def test_marks_of_arabic_within_words_mix_too(language: str) -> None:
    assert mixes_scripts(LATIN[language].encode("cp1252").decode("cp1256", "ignore"))


@pytest.mark.parametrize("language", OTHERS)
def test_names_in_ascii_beside_other_scripts_do_not_mix(language: str) -> None:
    assert not mixes_scripts(f"{OTHERS[language][1]} Microsoft GmbH, IBM 7")
