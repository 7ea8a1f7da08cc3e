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
}
OTHERS = {
    "cp1251": "Привет мир это проверка|Бюджет города на следующий год|Дороги и мосты",
    "koi8_r": "Привет мир это проверка|Бюджет города на следующий год|Дороги и мосты",
    "cp1253": "Καλημέρα κόσμε αυτό είναι|Μεγάλος προϋπολογισμός της πόλης|Δρόμοι και γέφυρες",
    "cp932": "東京都の予算について|道路と橋の建設費用です|こんにちは世界これはテストです",
    "gb18030": "北京市的财政预算|道路和桥梁的建设费用|这是一个测试文件的内容",
    "cp949": "서울시의 예산은 다음과 같다|도로와 다리를 건설하는 비용|이것은 시험 파일입니다",
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


@pytest.mark.parametrize("encoding", OTHERS)
def test_texts_in_other_scripts_are_read_in_them(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, OTHERS[encoding], encoding)
    assert path.read_text(find_encoding(path).name) == path.read_text(encoding)


@pytest.mark.parametrize("wrong", ["cp1251", "cp1253", "cp1255", "koi8_r", "mac_cyrillic"])
@pytest.mark.parametrize("language", LATIN)
def test_latin_text_in_another_encoding_mixes_scripts(language: str, wrong: str) -> None:
    assert mixes_scripts(LATIN[language].encode("cp1252").decode(wrong, "ignore"))


@pytest.mark.parametrize("language", ["German", "Spanish", "Icelandic"])
def test_marks_of_arabic_within_words_mix_too(language: str) -> None:
    assert mixes_scripts(LATIN[language].encode("cp1252").decode("cp1256", "ignore"))


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_names_in_ascii_beside_other_scripts_do_not_mix(text: str) -> None:
    assert not mixes_scripts(f"{text} Microsoft GmbH, IBM 7")
