"""What is written on the buttons that are worth a click, in the languages of most pages. Lower case.

A button counts when its label is one of these, or begins with one of these and a space ("accept all cookies").
"""

# On banners, dialogs and gates, the best choice first: what opens the page with the least left over it.
DISMISS = (
    # English
    "accept all", "allow all", "agree to all", "accept", "i accept", "allow", "agree", "i agree", "agree and continue",
    "accept and continue", "accept & continue", "consent", "got it", "ok", "okay", "understood", "i understand",
    "yes", "yes, i am", "i am over 18", "i am 18", "i'm over 18", "enter", "continue", "reject all", "decline all",
    "reject", "decline", "deny", "only necessary", "necessary only", "dismiss", "close", "no thanks", "not now",
    "maybe later", "skip",
    # German
    "alle akzeptieren", "alles akzeptieren", "allen zustimmen", "alle cookies akzeptieren", "akzeptieren", "zustimmen",
    "ich stimme zu", "einverstanden", "annehmen", "verstanden", "ja", "ich bin über 18", "weiter", "alle ablehnen",
    "ablehnen", "nur notwendige", "schließen", "schliessen", "nein danke", "später",
    # French
    "tout accepter", "accepter tout", "accepter", "j'accepte", "accepter et continuer", "accepter et fermer",
    "d'accord", "j'ai compris", "oui", "j'ai plus de 18 ans", "continuer", "continuer sans accepter", "tout refuser",
    "refuser", "fermer", "non merci", "plus tard",
    # Spanish
    "aceptar todo", "aceptar todas", "aceptar", "acepto", "aceptar y continuar", "permitir todas", "permitir",
    "de acuerdo", "entendido", "sí", "soy mayor de 18", "rechazar todo", "rechazar", "cerrar", "no, gracias",
    "ahora no",
    # Portuguese
    "aceitar todos", "aceitar tudo", "aceitar", "aceito", "concordo", "permitir todos", "entendi", "sim",
    "tenho mais de 18", "rejeitar todos", "rejeitar", "fechar", "agora não",
    # Italian
    "accetta tutto", "accetta tutti", "accetta", "accetto", "acconsento", "consenti tutti", "ho capito", "sì",
    "rifiuta tutto", "rifiuta", "chiudi", "no grazie", "continua senza accettare",
    # Dutch
    "alles accepteren", "alle cookies accepteren", "alles toestaan", "accepteren", "akkoord", "ik ga akkoord",
    "begrepen", "doorgaan", "alles weigeren", "weigeren", "sluiten", "nee, bedankt",
    # Danish, Norwegian, Swedish, Finnish
    "accepter alle", "tillad alle", "godta alle", "godkend alle", "godkänn alla", "acceptera alla", "acceptera",
    "jag godkänner", "jeg forstår", "jag förstår", "afvis alle", "avvis alle", "avvisa alla", "luk", "lukk", "stäng",
    "hyväksy kaikki", "hyväksy", "salli kaikki", "hylkää kaikki", "sulje",
    # Polish, Czech, Slovak, Hungarian, Romanian
    "akceptuję wszystkie", "zaakceptuj wszystkie", "akceptuję", "zaakceptuj", "zgadzam się", "zgoda", "rozumiem",
    "przejdź do serwisu", "odrzuć wszystkie", "odrzuć", "zamknij", "přijmout vše", "přijmout", "souhlasím",
    "rozumím", "odmítnout vše", "odmítnout", "zavřít", "prijať všetko", "súhlasím", "zavrieť", "összes elfogadása",
    "elfogadom", "elfogadás", "bezárás", "acceptă tot", "accept toate", "sunt de acord", "închide",
    # Turkish, Greek
    "tümünü kabul et", "kabul et", "kabul ediyorum", "tamam", "reddet", "kapat", "αποδοχή όλων", "αποδοχή", "συμφωνώ",
    "κλείσιμο",
    # Russian, Ukrainian
    "принять все", "принять всё", "принять", "принимаю", "согласен", "соглашаюсь", "разрешить все", "хорошо", "понятно",
    "мне есть 18", "да", "отклонить", "закрыть", "прийняти все", "прийняти", "погоджуюсь", "зрозуміло", "закрити",
    # Japanese, Chinese, Korean
    "すべて受け入れる", "すべて許可", "同意する", "同意して続ける", "はい", "閉じる",
    "接受所有", "全部接受", "全部接受并继续", "接受", "同意", "同意并继续", "我同意", "知道了", "我知道了", "关闭",
    "確定", "關閉",
    "모두 동의", "모두 허용", "동의", "동의합니다", "확인", "닫기",
    # Arabic, Hindi, Indonesian, Vietnamese, Thai
    "قبول الكل", "قبول", "موافق", "أوافق", "إغلاق", "स्वीकार करें", "terima semua", "terima", "setuju", "tutup",
    "chấp nhận tất cả", "chấp nhận", "đồng ý", "đóng", "ยอมรับทั้งหมด", "ยอมรับ", "ปิด",
    # Signs
    "\u00d7", "✕", "✖", "x",
)  # fmt: skip

# On players, and on what stands in a player's place until its content is asked for.
PLAY = (
    "play", "watch", "watch now", "watch video", "start video", "load video", "show video", "show content",
    "load content", "listen", "resume", "unmute", "▶", "►", "⏵",
    "abspielen", "wiedergabe", "wiedergeben", "ansehen", "jetzt ansehen", "video laden", "video starten",
    "inhalt laden", "inhalt anzeigen", "externen inhalt anzeigen", "externe inhalte laden", "anhören",
    "lire", "lecture", "regarder", "lancer la vidéo", "voir la vidéo", "écouter",
    "reproducir", "ver video", "ver vídeo", "ver ahora", "escuchar", "reproduzir", "assistir", "ouvir",
    "riproduci", "guarda", "guarda il video", "ascolta", "afspelen", "bekijken", "bekijk video",
    "afspil", "spill av", "spela", "spela upp", "toista", "odtwórz", "oglądaj", "přehrát", "spustit", "prehrať",
    "lejátszás", "redă", "oynat", "izle", "αναπαραγωγή", "воспроизвести", "смотреть", "слушать", "відтворити",
    "дивитися", "再生", "再生する", "播放", "재생", "تشغيل", "चलाएं", "putar", "phát", "เล่น",
)  # fmt: skip
