"""The same two orders in other languages than English: keep it from the user, and carry it to an address.

Letters are folded (no accents) as the views of `inspection` fold them.
"""

from __future__ import annotations

from bartizan.supplychain.text.orders.words import KEY_FILE, Directive

_CONCEALED = (
    # German, Dutch
    r"(?:sag|erwahne|verrate|melde|zeig|nenne|berichte|teile)\w*\b[^\n.]{0,50}\b(?:nutzer|benutzer|anwender|"
    r"kunden?|niemandem|user)\w*\b[^\n.]{0,40}\b(?:nicht|nichts|nie)\b",
    r"\b(?:sag|erwahne|verrate|melde|zeig)\w*\b[^\n.]{0,50}\b(?:nicht|nichts|nie)\b[^\n.]{0,40}\b(?:nutzer|"
    r"benutzer|anwender|kunden?|user)\w*",
    r"\bohne (?:es |das |dies )?(?:dem |den |die )?(?:nutzer|benutzer|anwender|kunden?|"
    r"user)\w*\b[^\n.]{0,30}\b(?:zu (?:sagen|informieren|fragen|erwahnen|zeigen)|mitzuteilen)",
    r"\b(?:vertel|zeg|meld|noem)\b[^\n.]{0,50}\b(?:gebruiker|klant)\b[^\n.]{0,30}\b(?:niet|niets|nooit)\b|"
    r"\bzonder (?:het |dit )?(?:de |aan de )?(?:gebruiker|klant)\b[^\n.]{0,30}\bte (?:vertellen|melden|"
    r"vragen|informeren)",
    # French
    r"\b(?:sans|ne)\b[^\n.]{0,30}\b(?:parler|informer|prevenir|dire|mentionne\w*|dis|dites|parle[zr]?|"
    r"avertir|signale\w*|montre\w*|demander)\b[^\n.]{0,40}\b(?:utilisateur|client|personne)",
    # Spanish, Portuguese, Italian
    r"\b(?:no|nao|non|sin|sem|senza|nunca|mai)\b[^\n.]{0,24}\b(?:digas|diga|dirlo|dire|decir\w*|menciones|"
    r"mencione\w*|avisar|avise\w*|informar|informes|informe|comentes|conte|contar|avvisare|"
    r"informare|menzionare|mostrar|mostres|preguntar|perguntar|chiedere)\b[^\n.]{0,30}\b(?:usuari[oa]|"
    r"utente|utilizador|cliente|nadie|ninguem|nessuno)",
    # Polish, Czech
    r"\b(?:nie|bez|ne)\b[^\n.]{0,24}\b(?:mow|informuj|wspominaj|powiadamiaj|informowania|powiadamiania|"
    r"pokazuj|rikej|informuj|zminuj)\w*\b[^\n.]{0,30}\b(?:uzytkownik|klient|uzivatel)",
    # Russian, Ukrainian
    r"(?:^|[\s,.;:«\"(])(?:не|без|ні)\s+(?:\S+\s+){0,3}(?:сообщ|говор|упомин|рассказ|уведом|показ|повідом|"
    r"кажи|згад|ведома|спрашив)"
    r"\S*\s+(?:\S+\s+){0,3}(?:пользовател|користувач|клиент|ему\b|никому)",
    # Turkish, Indonesian, Vietnamese
    r"\bkullanici\w*\b[^\n.]{0,40}\b(?:soyleme|bildirme|bahsetme|gosterme|haber verme)\w*|"
    r"\bjangan\b[^\n.]{0,30}\b(?:beri ?tahu|sebut|katakan|tampilkan)\w*\b[^\n.]{0,24}\b(?:pengguna|user)|"
    r"\bkhong\b[^\n.]{0,30}\b(?:noi|bao|tiet lo|de cap)\b[^\n.]{0,24}\bnguoi dung",
    # Chinese, Japanese, Korean
    r"(?:不要|别|切勿|请勿|無需|无需|不得|不必|勿)[^\n。]{0,12}(?:告诉|告訴|告知|提示|通知|提及|透露|显示|說明|说明|询问|讓|让)[^\n。]{0,12}(?:用户|用戶|使用者|他|人)",
    r"(?:ユーザー?|利用者|使用者)[^\n。]{0,20}(?:知らせ|伝え|言わ|見せ|通知し|告げ|報告し|尋ね)[^\n。]{0,6}(?:ない|ず|な)",
    r"(?:사용자|유저|고객)[^\n.]{0,20}(?:알리지|말하지|언급하지|보여주지|묻지|통지하지)\s?(?:마|말|않)",
    # Arabic, Hindi
    r"(?:لا|دون|بدون)[^\n.]{0,20}(?:تخبر|تذكر|اخبار|إخبار|إعلام|اعلام|علم)[^\n.]{0,20}(?:المستخدم|احد|أحد|العميل)",
    r"(?:उपयोगकर्ता|यूज़र|यूजर)[^\n।]{0,30}(?:न बताएं|मत बताना|मत बताओ|नहीं बताना|सूचित न)",
)
_CARRIED = (
    r"\b(?:send|schick|verschick|ubermittl|ubertrag|lad|leite)\w*\b",
    r"\b(?:verstuur|upload|stuur)\w*\b",
    r"\b(?:envoi|envoy|transmet|transfer|televers|publi)\w*\b",
    r"\b(?:re)?(?:envi|mand|sub|carg|remit|transmit|invi|carica|spedisc)\w*\b",
    r"\b(?:wysl|przesl|posli|odesli|nahraj)\w*\b",
    r"(?:отправ|перешл|загруз|передай|переда|надішл|відправ)\w*",
    r"\b(?:gonder|yukle|kirim|unggah|gui)\w*\b",
    r"(?:发送|發送|上传|上傳|发到|传到|提交到|寄到|送信|アップロード|送って|전송|업로드|보내|ارسل|أرسل|ارفع|भेज|अपलोड)",
)
_PRIVATE = (
    r"(?:verlauf|gesprach|unterhaltung|passwort|passworter|schlussel|zugangsdaten|umgebungsvariablen|"
    r"quelltext|dateien|"
    r"gesprek|wachtwoord|sleutel|omgevingsvariabelen|"
    r"conversation|historique|mots? de passe|cles?\b|fichiers?|variables d'environnement|identifiants|code source|"
    r"conversacion|historial|mensajes?|contrasen\w*|claves?|variables de entorno|archivos|credenciales|codigo fuente|"
    r"conversa\b|historico|senhas?|chaves?|variaveis de ambiente|arquivos|ficheiros|credenciais|"
    r"conversazione|cronologia|chiavi|variabili d'ambiente|credenziali|"
    r"rozmow\w*|hasla|klucz\w*|zmienne srodowiskowe|hesla|konverzac\w*|"
    r"переписк\w*|истори\w*|парол\w*|ключ\w*|переменн\w*|файл\w*|диалог\w*|розмов\w*|"
    r"konusma\w*|gecmis\w*|sifre\w*|anahtar\w*|percakapan|kata sandi|kunci|mat khau|hoi thoai|"
    r"对话|對話|聊天|密码|密碼|密钥|密鑰|环境变量|環境變數|文件|源代码|历史|记录|記錄|联系方式|消息|訊息|资料|凭据|会話|履歴|パスワード|鍵|キー|環境変数|ファイル|"
    r"대화|기록|비밀번호|키|환경 ?변수|파일|"
    r"المحادثة|كلمات المرور|كلمة المرور|المفاتيح|الملفات|बातचीत|पासवर्ड|कुंजी|फ़ाइल|"
    rf"{KEY_FILE}|\.env\b)"
)
_PLACE = r"(?:https?://[^\s,，。、)]{4,}|[a-z0-9._%+-]+@[a-z0-9-]+\.[a-z]{2,})"
_HIDE = "|".join(_CONCEALED)
_SEND = "|".join(_CARRIED)

LANGUAGES = (
    Directive(
        "carried_in_another_language",
        "tells the agent, in another language than English, to carry private content or credentials to an address",
        rf"(?:{_SEND})[^\n]{{0,100}}{_PRIVATE}[^\n]{{0,80}}{_PLACE}|"
        rf"{_PRIVATE}[^\n]{{0,80}}{_PLACE}[^\n]{{0,24}}(?:{_SEND})|"
        rf"{_PRIVATE}[^\n]{{0,60}}(?:{_SEND})[^\n]{{0,40}}{_PLACE}",
        ignore=("localhost", "127.0.0.1", "example.com", "example.org"),
        strong=False,
        alone=True,
    ),
    Directive(
        "kept_in_another_language",
        "tells the agent, in another language than English, to keep something from the user",
        _HIDE,
        strong=False,
        alone=True,
    ),
)  # fmt: skip
