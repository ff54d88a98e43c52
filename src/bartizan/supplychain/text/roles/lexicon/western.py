"""Words of German, Dutch, Swedish, French, Spanish, Portuguese and Italian by role; letters without accents."""

from __future__ import annotations

from bartizan.supplychain.text.roles.role import Lexicon, Role

WESTERN: Lexicon = {
    Role.CARRY: (
        r"\b(?:sende[nt]?|schick\w*|verschick\w*|ubermitt\w+|ubertrag\w*|leite[nt]?|weiterleit\w*|weitergeleitet|hochlad\w*|"
        r"hochgeladen|poste[nt]?|lade[nt]?|reiche)\b|"
        r"\b(?:stuur\w*|verstuur\w*|verzend\w*|doorstuur\w*|skicka\w*|vidarebefordra\w*|ladda upp|kopier\w*|kopieer|kopiera)\b|"
        r"\b(?:envoie\w*|envoye\w*|transmet\w*|transfere\w*|televers\w*|communique[rz]?|adresse[rz] (?:une|le|la|les))\b|"
        r"\b(?:re)?(?:envi(?:a|e|ar|en|alo|ala|elo)|manda|mande|mandar|sube|suba|subir|remite|remita|transmite|transmita|adjunta|"
        r"adjunte|reenvia|reenvie|encaminhe|encaminha|anexe|invia|inviare|invialo|inoltra|inoltrare|trasmetti|allega|spedisci|"
        r"carica)\b",
    ),
    Role.PUT: (
        r"\b(?:trage[nt]?|schreib\w*|fuge|hange|kopier\w*|setze|nimm|zet|schrijf|voeg|kopieer|skriv|lagg|kopiera|ajoute[rz]?|"
        r"insere[rz]?|copie[rz]?|mets|mettez|ecris|inclus|anade|anada|incluye|incluya|copia|pega|escribe|escriba|inclua|"
        r"adicione|cole|escreva|inserisci|aggiungi|scrivi|metti|includi)\b",
    ),
    Role.READ: (r"\b(?:lies|lese|lesen|offne|lees|open|las|lis|lisez|ouvre[sz]?|lee|lea|abre|leia|abra|leggi|apri)\b",),
    Role.SECRET: (
        r"\b(?:passwort\w*|kennwort\w*|zugangsdaten|wachtwoord\w*|losenord\w*|mots? de passe|identifiants de connexion|contrasena\w*|"
        r"credenciales|senhas?|credenciais|credenziali|codic[ei] di accesso|umgebungsvariablen|private[rn]? schlussel|cles? privees?|"
        r"claves? privadas?|chaves? privadas?|chiav[ei] privat[ae])\b",
    ),
    Role.PASSCODE: (
        r"\b(?:pin|tan|passwort|kennwort|sicherheitscode|wachtwoord|losenord|mot de passe|code secret|contrasena|clave|senha|"
        r"password|codice)\b|"
        r"\b(?:codigo (?:que llega|sms|de verificacion|de seguridad)|code recu|code (?:de verification|sms)|code aus der sms|codice (?:sms|otp))\b",
    ),
    Role.ASK: (
        r"\b(?:frag\w*|bitte|verlang\w*|fordere|lass dir|vraag|fraga|demande[rz]?|pide|pida|solicita|solicite|peca|exija|chiedi|"
        r"richiedi)\b",
    ),
    Role.CONCEAL: (
        r"\bohne (?:\w+ ){0,4}(?:zu (?:erwahnen|sagen|fragen|melden|nennen|vermerken)|nachzufragen|(?:darauf )?hinzuweisen|mitzuteilen|hinweis)|"
        r"\b(?:erwahn\w*|nenn\w*|meld\w*|sag\w*|sprich|vermerk\w*)\b (?:es |das |dies |davon |daruber )?(?:\w+ ){0,3}(?:nicht|nichts)\b|"
        r"\bzonder (?:\w+ ){0,3}te (?:melden|vermelden|noemen|vragen|zeggen)|\b(?:meld|noem|vermeld) (?:het|dit|dat|er)?[a-z ]{0,12}niet\b|"
        r"\b(?:namn|beratta|saga|visa|fraga) (?:det |detta )?(?:inte|aldrig)\b|\butan att (?:fraga|namna|saga|beratta)|"
        r"\bsans (?:le |la |l'|en |rien )?(?:dire|parler|mentionner|demander|signaler|preciser|prevenir)|"
        r"\bn(?:e |'en )(?:\w+ ){0,2}?(?:parle|mentionne|dis|signale|indique)[sz]? (?:pas|rien|jamais|a personne)|\bn'indique (?:jamais|pas)|"
        r"\bsin (?:comentar|mencionar|decir|avisar|preguntar|senalar|informar)(?:lo)?\b|"
        r"\b(?:no|ni|nao|nem|non|ne) (?:lo |la |o |a |ne |se )?(?:menciones?|mencione|comentes?|comente|digas|diga|senales|senale|"
        r"avises?|avise|nominar\w*|menzionar\w*|dirlo|dire|parlarne|segnalar\w*|fale|conte|informe)\b|"
        r"\bsem (?:mencionar|avisar|comentar|perguntar|dizer|informar)|\bsenza (?:dirlo|dire|menzionar\w*|avvisare|chiedere|segnalar\w*)|"
        r"\bohne (?:wissen|zustimmung|erlaubnis|einwilligung)|\ba l'insu\b|\bsans (?:l'accord|le consentement|son accord|sa permission)|"
        r"\bsin (?:el |su )?(?:consentimiento|permiso|conocimiento)|\bsem (?:o )?(?:consentimento|conhecimento)|\bsenza (?:il )?consenso",
    ),
    Role.CHANGE: (
        r"\b(?:losch\w*|entfern\w*|ersetz\w*|ander\w*|installier\w*|fuhr\w*|uberschreib\w*|verwijder\w*|vervang\w*|wijzig\w*|"
        r"installeer|haal|ta bort|ersatt|andra|installera|stang|supprime\w*|remplace\w*|modifie\w*|installe\w*|execute[rz]?|retire\w*|"
        r"efface\w*|borra|borre|elimina|elimine|sustituye|sustituya|cambia|cambie|instala|instale|ejecuta|ejecute|quita|apague|"
        r"remova|substitua|altere|execute|cancella|elimina|sostituisci|modifica|installa|esegui|togli|vanno tolti|rimuovi)\b",
    ),
    Role.CLAIM: (
        r"\b(?:nenn\w*|empfiehl\w*|gelten|gilt|bezeichn\w*|gib|antwort\w*|noem|zeg|antwoord|rekommendera|saga|recommande[rz]?|dis|dites|"
        r"indique[rz]?|recomienda|recomiende|di|diga|indica|responde|recomende|informe|responda|consiglia|rispondi|indica|dichiara|"
        r"presenta|markier\w*|approuve[rz]?|aprueba|aprove|approva)\b",
    ),
    Role.WHATEVER: (
        r"\b(?:auch|selbst|sogar) wenn\b[^.\n]{0,50}\b(?:nicht|falsch|anderes|anders|teurer|schlechter|illegal|fehl\w+)\b|"
        r"\bgleich(?:gultig)? (?:was|wer|welche)|\begal (?:was|wer|welche|ob)|\bongeacht\b|\book als\b[^.\n]{0,40}\bniet\b|\boavsett\b|"
        r"\bmeme (?:si|quand)\b[^.\n]{0,50}\b(?:pas|faux|fausse|autre|illegal\w*|plus cher|echoue\w*)\b|\bquel(?:le)? que soit|\bquoi que|"
        r"\baunque\b[^.\n]{0,50}\b(?:no|otro|falso|ilegal|caro|mal|falle\w*)\b|\bsin importar\b|\bsea cual sea|"
        r"\bmesmo (?:que|se)\b[^.\n]{0,50}\b(?:nao|outro|falso|ilegal|caro)\b|\bindependentemente\b|"
        r"\banche se\b[^.\n]{0,50}\b(?:non|altro|falso|illegal\w*|costa)\b|\bindipendentemente\b|\bqualunque cosa",
    ),
    Role.UNTRUE: (
        r"\bgib\b[^.\n]{0,40}\bals [^.\n]{1,30}\baus\b|\b(?:di'?|dis|diga|di) (?:che|que)\b[^.\n]{0,40}\b(?:hanno chiuso|ont ferme|"
        r"han cerrado|fecharam)|\b(?:meld|melde|berichte|sag)\w*\b[^.\n]{0,30}\b(?:bestanden|erfolgreich)\b[^.\n]{0,30}\b(?:auch|obwohl|trotz)|"
        r"\bschreib\w*,? dass\b[^.\n]{0,40}\b(?:nur|bloss|tippfehler)|"
        r"\bbehaupte[nt]?,|\b(?:di|diga|responde|responda|rispondi|dis|reponds) (?:que|che) (?:no |non |nao |ce n'est pas |il (?:prodotto|servizio))",
    ),
    Role.FAVOUR: (
        r"\bne (?:signale|mentionne|releve|rapporte)[sz]? (?:pas|jamais) (?:les? |d'|aucune? )?(?:erreurs?|failles?|problemes?|vulnerabilites?|"
        r"defauts?)|\b(?:melde|erwahne|nenne|beanstande)n? (?:keine|die)\b[^.\n]{0,20}(?:sicherheits\w*|fehler|lucken|mangel)\b[^.\n]{0,40}"
        r"(?:nicht|von|der firma|des teams)|\bno (?:senales|reportes|menciones|informes) (?:los |las |de )?(?:errores|fallos|vulnerabilidades|"
        r"problemas)|\bnao (?:aponte|relate|mencione) (?:os |as )?(?:erros|falhas|vulnerabilidades)|"
        r"\bnon (?:segnalare|menzionare) (?:gli |i |le )?(?:errori|difetti|vulnerabilita|problemi)|"
        r"\bnon (?:controllare|verificare) (?:la |le |l')?(?:firm|identit|certificat)\w*|\bne (?:verifie|controle)[sz]? pas (?:la |les |l')?"
        r"(?:signature|identite|certificat)|\bno (?:verifiques|compruebes) (?:la |los |el )?(?:firma|identidad|certificado)|"
        r"\bpruf\w* (?:die |das )?(?:signatur|identitat|zertifikat|unterschrift)\w* nicht\b",
    ),
    Role.SKEW: (
        r"\b(?:plus|zuzuglich) \w+ (?:%|prozent)|\bum [0-9]+ ?(?:%|prozent) (?:hoher|niedriger|zu hoch|zu niedrig|erhoh\w*)|"
        r"\b[0-9]+ ?% (?:de plus|de moins|mas|menos|a mais|a menos|in piu|in meno) (?:que|di|do|de)\b",
    ),
    Role.TALK: (
        r"\b(?:nachrichten?|gesprache?|unterhaltung\w*|verlauf|berichten|gesprekken|meddelanden|mensajes?|"
        r"conversacion\w*|mensagens|conversas|messaggi|conversazioni)\b",
    ),
    Role.PERSONAL: (
        r"\b(?:numeros? de tarjeta|kartennummer|iban|geburtsdatum|bankverbindung|adressen?|kundenliste|kundendaten|telefonnummern?|numeros? de (?:carte|telephone)|"
        r"coordonnees|dati personali|estratto conto|numero di carta|numeros? do cartao|cpf|dni|bsn|personnummer)\b",
    ),
    Role.OUTSIDE: (
        r"\b(?:extern[eosa]\w*|externe[nrms]?|partner|drittanbieter|oeffentlich\w*|publiquement|telegram|tercer[oa]s?|tiers|terzi|terceiros)\b|"
        r"\b(?:an dritte|derden|tredje part)\b",
    ),
    Role.INSTEAD: (
        r"\b(?:neue[nrs]?|statt|anstelle|anstatt|ersetz\w*|nieuwe|in plaats|istallet|ny[at]?|remplace\w*|au lieu|nouve\w+|desormais|"
        r"sustituy\w*|en lugar|en vez|nuev[oa]|a partir de ahora|substitu\w*|em vez|no lugar|nov[oa]|sempre|sostitu\w*|invece|"
        r"al posto|nuov[oa])\b",
    ),
    Role.PAY: (
        r"\b(?:zahl\w*|uberweis\w*|konto\w*|betal\w*|rekening\w*|betala\w*|pai(?:e|ement|er)\w*|vir(?:e|ement|er)\w*|compte|"
        r"pag(?:o|os|a|ue|ar|amento|amentos)|transfer\w*|cuenta|conta|chave pix|bonific\w*|versa\w*|conto)\b",
    ),
    Role.LOWER: (
        r"\b(?:deaktivier\w*|schalt\w*|umgeh\w*|uberspring\w*|entfern\w*|schakel\w*|haal|sla|stang|inaktivera|hoppa over|desactive\w*|"
        r"retire\w*|contourne\w*|ignore[rz]?|desactiva|desactive|omite|omita|salta|quita|desative|desativa|pule|ignore|remova|"
        r"disattiva|disabilita|salta|togli|rimuovi|ignora)\b",
    ),
    Role.GUARD: (
        r"\b(?:\w*prufung\w*|uberprufung|verifizierung|verifikation|authentifi\w+|firewall|virenscanner|virenschutz|berechtigung\w*|"
        r"zwei-?faktor\w*|zertifikat\w*|controle op rechten|controle|rechten|verificatie|kontrollen? av behorighet|behorighet\w*|"
        r"antivirus|pare-feu|controles?|autenticacion|verificacion|permisos|cortafuegos|autenticacao|verificacao|permissoes|"
        r"autenticazione|verifica|permessi|isgranted|autorisation|droits|dos pasos|deux (?:etapes|facteurs))\b",
    ),
    Role.UNSAFE: (
        r"\bda por validos? tod[oa]s\b|\bakzeptier\w* (?:jede[nrs]?|alle)\b|\baccepte[rz]? (?:tous|toutes|n'importe)\b|"
        r"\bacepta (?:cualquier|tod[oa]s)\b|\baceite (?:qualquer|tod[oa]s)\b|\baccetta (?:qualsiasi|tutt[ie])\b",
    ),
    Role.KEEP: (
        r"\b(?:merke? dir|merk dir|speicher\w*[^.\n]{0,30}(?:dauerhaft|gedachtnis)|onthoud|kom ihag|souviens-toi|retiens|memorise[rz]?|"
        r"recuerda|recuerde|guarda\w* en (?:la |tu )?memoria|lembre-se|guardar? na memoria|ricorda|ricordino|memorizza)\b",
    ),
    Role.EVERYWHERE: (
        r"\b(?:fur immer|dauerhaft|in allen (?:sitzungen|projekten)|voor altijd|for alltid|pour toujours|a l'avenir|para siempre|"
        r"en todas las|para sempre|em todas as|per sempre|in tutte le)\b",
    ),
    Role.NOT: (
        r"\b(?:nicht|nie|niemals|nichts|kein\w*|niet|nooit|geen|inte|aldrig|ne|n'|pas|jamais|no|nunca|nao|non|mai)\b|\bn'",
    ),
}
