"""Words of Polish, Czech, Russian, Ukrainian, Turkish, Indonesian, Vietnamese, Chinese, Japanese, Korean, Arabic and Hindi by
role; Latin letters without accents. No word ends are asked for where RE2 knows none."""

from __future__ import annotations

from bartizan.supplychain.text.roles.role import Lexicon, Role

EASTERN: Lexicon = {
    Role.CARRY: (
        r"\b(?:wysl\w+|przesl\w+|wysyl\w+|przekaz\w*|posli\w*|odesli\w*|nahraj\w*|gonder\w*|yukle\w*|ilet\w*|aktar\w*|kirim\w*|unggah\w*|"
        r"teruskan|gui (?:toi|den|cho|no|toan bo)|tai len|chuyen tiep)\b|(?:отправ|отошл|перешл|загруз|выгруз|передай|передав|надішл|відправ|завантаж)|"
        r"发送|發送|上传|上傳|发到|發到|传到|傳到|提交到|转发|轉發|寄到|上报|同步到|推送到|送信|アップロード|送って|転送|送付|送り|"
        r"전송|업로드|보내|올리|올립|올려|제출|ارسل|أرسل|ارفع|إرسال|भेज|अपलोड",
    ),
    Role.PUT: (
        r"\b(?:umiesc\w*|wpisz|dodaj|wklej|skopiuj|vloz|pridej|ekle\w*|yaz\w*|kopyala\w*|tambahkan|masukkan)\b|"
        r"(?:встав|впиши|добав|скопир|запиши|внеси|додай|встав)|写入|寫入|填入|附上|附加|粘贴|放入|加入|插入|書き込|入れ|追加|貼り|넣|적으|추가|"
        r"붙여|اكتب|أضف|اضف|ضع|लिख|जोड़",
    ),
    Role.READ: (
        r"\b(?:przeczytaj|odczytaj|otworz|precti|oku\w*|baca)\b|(?:прочита|прочти|открой|считай)|读取|讀取|读出|打开|読み取|読み込|開い|"
        r"읽|열어|اقرأ|افتح|पढ़",
    ),
    Role.SECRET: (
        r"\b(?:hasl[oa]\w*|klucz\w* prywatn\w*|hesl[oa]\w*|sifre\w*|parola\w*|kata sandi|mat khau)\b|(?:парол|секретн\S* ключ|токен доступ)|"
        r"密码|密碼|密钥|密鑰|令牌|凭据|环境变量|パスワード|秘密鍵|認証情報|環境変数|비밀번호|개인 ?키|인증 ?정보|환경 ?변수|كلمة المرور|كلمات المرور|"
        r"पासवर्ड|गुप्त कुंजी",
    ),
    Role.PASSCODE: (
        r"\b(?:pin|otp|haslo|heslo|sifre\w*|kata sandi|mat khau)\b|(?:парол|пин-код|код из смс|код подтверждения)|密码|验证码|驗證碼|口令|"
        r"暗証番号|パスワード|認証コード|비밀번호|인증번호|كلمة المرور|رمز التحقق|الرقم السري|ओटीपी|पिन|पासवर्ड",
    ),
    Role.ASK: (
        r"\b(?:zapytaj|popros|zazadaj|zeptej|isteyin|sorun|minta)\b|(?:спроси|запроси|попроси|запитай)|询问|要求|索要|请用户|让用户|"
        r"尋ね|聞い|求め|入力させ|묻|물어|요청하|요구하|اطلب|اسأل|पूछ|मांग",
    ),
    Role.CONCEAL: (
        r"\b(?:nie|bez) (?:wspomin\w*|mow|informuj|informowania|pytania|pokazuj|zglaszaj)\b|\b(?:nezminuj|nerikej|bez ptani)\b|"
        r"(?:не|ні|без) (?:упомина(?:й|я|ни)|сообща(?:й|я)|сообщени|говори(?:те)?\b|показыва(?:й|я)|показуй|спрашива(?:й|я)|рассказыва(?:й|я)|уведомля(?:й|я)|згаду(?:й|ю)|повідомля|питай|кажи)|"
        r"\b(?:soz etme|bahsetme|belirtme|soyleme|gosterme|sormadan|haber vermeden|bildirmeden)\S*|\b(?:jangan (?:sebut|beri ?tahu|katakan)|"
        r"tanpa (?:memberi ?tahu|bertanya))|\bkhong (?:noi|bao|de cap)|"
        r"(?:不要|别|切勿|请勿|无需|無需|不必|不用|勿)(?:告诉|告訴|告知|提示|通知|提及|提到|透露|显示|说明|說明|声张|询问|汇报)|不提(?:及|此)|"
        r"知らせない|知らせず|言わない|言わず|伝えない|伝えず|触れない|触れず|表示しない|報告しない|報告せず|尋ねず|確認せず|"
        r"(?:말하지|알리지|언급하지|보여주지|묻지|표시하지|보고하지) ?(?:마|말|않)|(?:لا|دون|بدون) (?:تخبر|تذكر|إخبار|اخبار|ذكر|تعرض|سؤال)|"
        r"(?:न|मत|नहीं|बिना) (?:बता|दिखा|पूछ|कहे)|बताए बिना|"
        r"許可なく|同意なく|無断で|未经(?:用户)?(?:同意|许可)|擅自|(?:동의|허락) ?없이|без (?:вашего |его |их )?ведома|без відома|دون (?:علم|موافقة)",
    ),
    Role.CHANGE: (
        r"\b(?:usun\w*|zamien\w*|zmien\w*|zainstaluj|uruchom|smaz\w*|nahrad\w*|silin|degistir\w*|kurun|calistir\w*|hapus|ganti|jalankan|"
        r"xoa|thay)\b|(?:удал|замен|измен|установ|запуст|выполн|видали|заміни|встанови|виконай|запусти)|删除|刪除|替换|替換|修改|安装|执行|"
        r"運行|运行|覆盖|削除|置き換|変更|インストール|実行|有効に|启用|включи|삭제|바꾸|바꿔|변경|설치|실행|احذف|استبدل|غير|ثبت|شغل|हटा|बदल|इंस्टॉल|चला",
    ),
    Role.CLAIM: (
        r"\b(?:polecaj|powiedz|podawaj|doporuc|rekni|oner\w*|soyle\w*|rekomendasikan|katakan)\b|(?:рекоменд|говори|скажи|сообщай|сообщи|отвечай|отмечай|"
        r"считай|указыв|кажи|познача)|推荐|推薦|写成|寫成|说成|标为|標為|标记为|报告为|視為|视为|推奨|勧め|報告し|として扱|추천|보고하|신청|가입|표시하|"
        r"أوص|قل|اذكر|सुझा|कहिए",
    ),
    Role.WHATEVER: (
        r"\b(?:nawet jesli|niezaleznie od|i kdyz|bez ohledu|bile\b[^.\n]{0,12}$|ne olursa olsun|meskipun|apa ?pun)\b|"
        r"(?:даже если|независимо от|что бы ни|навіть якщо|незалежно від)|无论|無論|不管|即使|哪怕|一律|にかかわらず|であっても|でなくても|"
        r"상관없이|이더라도|아니더라도|مهما|حتى (?:لو|وإن)|بغض النظر|चाहे|भले ही",
    ),
    Role.UNTRUE: (
        r"失败.{0,6}(?:也|仍|都).{0,6}(?:说|报告|写|显示).{0,6}(?:通过|成功)|失敗.{0,4}(?:ても|でも).{0,8}(?:成功|合格|通過)|"
        r"실패.{0,6}(?:도|더라도).{0,8}(?:성공|통과)|(?:напиши|скажи|сообщи|укажи),? что.{0,40}(?:опечатк|прошли|успешно|исправлен)|"
        r"凡是.{0,30}(?:写成|算作|记为)|"
        r"(?:скрывай|скрой|приховуй)\S* (?:от|від)|隐瞒|謊称|谎称|隠して|偽って|숨기|불가능하다고 답|거짓|أخف|छिपा",
    ),
    Role.SKEW: (
        r"[0-9]+ ?(?:%|퍼센트|パーセント) ?(?:올려|낮춰|부풀려|上乗せ|増し|高く|低く)|(?:提高|降低|虚报|多报|少报) ?[0-9]+ ?%|на [0-9]+ ?(?:%|процент\S*) (?:больше|меньше|выше|ниже)",
    ),
    Role.TALK: (
        r"\b(?:wiadomosci|rozmow\w*|zpravy|konverzac\w*|mesaj\w*|konusma\w*|percakapan|pesan|tin nhan)\b|(?:переписк|сообщени|диалог|розмов|"
        r"повідомлен)|对话|對話|聊天记录|消息|会話|メッセージ|대화|메시지|محادثة|المحادثات|رسائل|बातचीत|संदेश",
    ),
    Role.PERSONAL: (
        r"\b(?:dane osobowe|numer telefonu|osobni udaje|kisisel veri\w*|kimlik|data pribadi|du lieu ca nhan)\b|(?:персональн|паспортн|телефон|"
        r"адрес|контакт)|身份证|手机号|手機號|地址|联系方式|个人信息|個人情報|連絡先|住所|電話番号|개인정보|연락처|주소|전화번호|بيانات|رقم الهاتف|"
        r"عنوان|फ़ोन|पता",
    ),
    Role.OUTSIDE: (
        r"\b(?:osobom trzecim|trzecich|treti stran\w*|ucuncu taraf\w*|pihak ketiga|ben thu ba)\b|(?:третьим лиц|третьей сторон|сторонн|третій)|"
        r"第三方|外部|第三者|제3자|외부|الطرف الثالث|طرف ثالث|خارجي|तीसरे पक्ष|बाहरी",
    ),
    Role.EVERY: (r"每[篇个条次封]|すべての|毎回|모든|каждо|кажд|każd\w*|her \w+e|كل ",),
    Role.INSTEAD: (
        r"\b(?:zamiast|now[ey]\w*|misto|nov[ey]\w*|yerine|yeni|sebagai ganti|baru|thay vi|thay cho)\b|(?:вместо|замен|нов[ыоа]|замість)|"
        r"改为|改成|换成|替换|替換|取代|而不是|書き換え|新的|代わり|置き換|変更|新しい|대신|바꿔|바꾸|새로운|بدلا|بدلاً|استبدل|الجديد|बजाय|बदल|नया|नए",
    ),
    Role.PAY: (
        r"\b(?:zaplac\w*|przelew\w*|kont[oa]|zaplat\w*|ucet|odeme\w*|hesap\w*|havale\w*|bayar|rekening|thanh toan|tai khoan)\b|"
        r"(?:плат|перевед|перевод|счет|счёт|рахун|сплат)|付款|支付|转账|轉帳|汇款|匯款|账号|账户|帳號|収款|口座|振込|支払|계좌|송금|입금|결제|"
        r"حساب|تحويل|دفع|ادفع|खाता|खाते|भुगतान",
    ),
    Role.LOWER: (
        r"\b(?:wylacz\w*|pomin\w*|usun\w*|vypni|preskoc|kapat\w*|atla\w*|devre disi|matikan|nonaktifkan|lewati|bo qua)\b|"
        r"(?:отключ|выключ|пропусти|пропускай|обойд|вимкн|пропуст|обійд)|关闭|關閉|禁用|停用|跳过|跳過|绕过|繞過|無効|省略|スキップ|回避|비활성|끄고|끄세요|"
        r"건너뛰|우회|عطل|تخط|أوقف|बंद कर|छोड़",
    ),
    Role.GUARD: (
        r"\b(?:sprawdzani\w*|weryfikacj\w*|uwierzytelni\w*|zabezpiecz\w*|zapor\w*|overeni|kontrol\w*|dogrulama\w*|yetki\w*|guvenlik\w*|"
        r"verifikasi|otentikasi|keamanan|xac thuc|bao mat)\b|(?:проверк\S* (?:токен|подпис|прав|сертиф|доступ)|аутентиф|авториз|"
        r"двухфактор|защит|антивирус|брандмауэр|перевірк|автентиф|захист)|验证|驗證|鉴权|校验|校驗|权限检查|防火墙|杀毒|安全检查|審核|审核|"
        r"認証|検証|権限|署名の確認|ファイアウォール|안전 ?검사|인증|검증|권한|방화벽|التحقق|المصادقة|الحماية|الصلاحيات|सत्यापन|प्रमाणीकरण|सुरक्षा",
    ),
    Role.KEEP: (
        r"\b(?:zapamietaj|zapamatuj|hatirla\w*|ingat)\b|(?:запомни|запам)|记住|記住|永久保存|记入记忆|覚えて|記憶し|기억하|تذكر دائما|याद रख",
    ),
    Role.EVERYWHERE: (
        r"\b(?:na zawsze|na stale|navzdy|her zaman|selamanya|mai mai)\b|(?:навсегда|во всех|назавжди)|永久|以后所有|今後すべて|ずっと|앞으로 모든|"
        r"영구|دائما|हमेशा",
    ),
    Role.NOT: (
        r"\b(?:nie|nigdy|ne(?:posil|odesil|nahrav|maz|vypin|pouziv|men|zapisuj)\S*|nikdy|degil|asla|jangan|khong|dung|"
        r"(?:gonder|yukle|sil|degistir|kapat|calistir|kur|ekle|yaz|iste|sor)m[ae]\w*)\b|"
        r"(?:не|ни|нельзя|ні|никогда)\s|不要|不得|不能|禁止|请勿|"
        r"切勿|不会|别|勿|ない|ません|ず、|なく|禁止|지 ?(?:마|말|않)|금지|(?:لا|لن|ليس|ممنوع) |मत|नहीं|न ",
    ),
}
