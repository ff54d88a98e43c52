"""Sentences of everyday use in each language that has a label; hostile texts cost no more than ordinary ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.language import CHARACTERS, language_of

SENTENCES = {
    "en": "What is the best way to write a test for this function?",
    "de": "Wie kann ich das Passwort für mein Konto ändern?",
    "fr": "Comment est-ce que je peux changer mon mot de passe ?",
    "es": "¿Cómo puedo cambiar la contraseña de mi cuenta?",
    "it": "Come posso cambiare la password del mio account per non perderlo?",
    "pt": "Como posso mudar a senha da minha conta para não perder o acesso?",
    "nl": "Hoe kan ik het wachtwoord van mijn account wijzigen?",
    "pl": "Jak mogę zmienić hasło do mojego konta, proszę o pomoc, nie wiem co to jest",
    "sv": "Hur kan jag byta lösenord på mitt konto, jag vet inte vad det är",
    "da": "Hvordan kan jeg ændre adgangskoden til min konto, jeg ved ikke hvad det er",
    "tr": "Bu hesap için şifremi nasıl değiştirebilirim, bana yardım eder misin lütfen",
    "fi": "Miten voin vaihtaa salasanan, ja mitä se on tämä",
    "hu": "Hogyan tudom megváltoztatni a jelszót, és mit kérem hogy",
    "ro": "Cum pot schimba parola pentru contul meu și ce este",
    "vi": "Tôi có thể thay đổi mật khẩu của tài khoản này như thế nào",
    "id": "Bagaimana saya bisa mengubah kata sandi untuk akun ini",
    "ja": "パスワードを変更する方法を教えてください",
    "ko": "비밀번호를 어떻게 바꾸나요?",
    "th": "ฉันจะเปลี่ยนรหัสผ่านได้อย่างไร",
    "he": "איך אני משנה את הסיסמה שלי?",
    "und-Hani": "如何更改我的密码?",
    "und-Cyrl": "Как изменить пароль моей учётной записи?",
    "und-Arab": "كيف يمكنني تغيير كلمة المرور؟",
    "und-Grek": "Πώς μπορώ να αλλάξω τον κωδικό μου;",
    "und-Latn": "zzz qqq wwww xxxx yyyy",
}


@pytest.mark.parametrize(("tag", "text"), SENTENCES.items())
def test_a_sentence_is_taken_for_its_language(tag: str, text: str) -> None:
    assert language_of(text) == tag
    assert language_of(text.upper()) in (tag, "und-Latn")


@pytest.mark.parametrize("text", ["", "ok", "12345 !!!", "😀😀😀😀", "\u0301" * 50, "x = 1;"])
def test_too_little_says_nothing(text: str) -> None:
    assert language_of(text) == ""


def test_what_most_letters_are_in_counts() -> None:
    assert language_of("API: " + SENTENCES["und-Cyrl"]) == "und-Cyrl"
    assert language_of(SENTENCES["en"] + " привет") == "en"
    assert language_of(SENTENCES["en"].ljust(CHARACTERS) + SENTENCES["ja"] * 100) == "en"


@given(st.text(max_size=400))
def test_any_text_gets_a_short_tag(text: str) -> None:
    tag = language_of(text)
    assert tag == "" or (len(tag) <= 8 and tag.isascii())
