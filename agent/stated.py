"""What a reply states, in five languages: the approach that it advises, or that a run started."""

from __future__ import annotations

import re
from dataclasses import dataclass

_APPROACHES = {
    "finetune": re.compile(
        r"fine[- ]?tun\w*|fein[- ]?(?:tun|abst|just)\w*|(?:nach)?trainier\w*|ajuste fino"
        r"|afin(?:ar|ado|amiento)\w*|(?<!de )(?:re)?entren(?:a|e)\w*|affin(?:er|age|ez)\w*"
        r"|(?:ajustement|réglage) fin|peaufin\w*|(?<!d')(?<!d’)(?:ré)?entraîn\w*|微调|精调"
        r"|训练(?!数据|集|样本)|\bQ?LoRA\b"
        r"|\b(?:re)?train(?:ing)?\W+(?:it\b|(?:a|an|the|your|our|this)\W+(?:\w+\W+){0,2}model"
        r"|on your|an adapter)",
        re.I,
    ),
    "rag": re.compile(
        r"\bRAG\b|retriev\w*|(?:semantic|document|vector) search|search index|abruf\w*"
        r"|recuperaci[óo]n|búsqueda|récupération|recherche (?:documentaire|augment\w*)|检索",
        re.I,
    ),
    "prompt": re.compile(
        r"\bprompt(?:[- ]engineer)?ing|few[- ]shot|(?:better|improved|good|clearer|refined|new)\W+"
        r"(?:\w+\W+)?prompts?\b|(?:improv|refin|rewrit|adjust|chang|optimi[sz]|engineer|us)\w*\W+"
        r"(?:(?:a|an|the|your|our|just|only)\W+){0,2}prompts?\b|(?:besser|gut)\w* Prompts?"
        r"|Prompts? (?:zu )?(?:verbesser|anpass|optimier)\w*|mejor\w* (?:\w+ )?prompts?"
        r"|(?:ingeniería|ingénierie) d\w* prompts?|meilleurs? prompts?|amélior\w* (?:\w+ )?prompts?"
        r"|提示词|提示工程|(?:改进|优化)提示"
        r"|(?:label|decision|approach|answer|recommendation|advice)\W{1,4}(?:is\W{1,4})?(?:a\W)?"
        r"prompt\b",
        re.I,
    ),
}
_BOTH = re.compile(
    r"(?:us|do|need|combin|recommend|nutz|verwend|kombinier|utilis)\w*\W+(?:both|beide\w*|ambos"
    r"|les deux)\b|\bboth (?:approaches|methods|techniques)|beide (?:Ansätze|Verfahren)|两者",
    re.I,
)
# Words that turn a mention of an approach into advice.
_ADVISES = re.compile(
    r"\b(?:recommend|suggest|advise|advice|propose)\w*"
    r"|\b(?:you|we|one|person|user) (?:should|must|would|need|want to|can (?:now )?start"
    r"|have to)\b|\bshould (?:use|go|be|start)|\b(?:best|right|better|correct"
    r"|appropriate|suitable|recommended|preferred|ideal|perfect|good) (?:\w+ )?(?:approach|option"
    r"|choice|solution|way|method|fit|decision|answer|idea|strategy)|\b(?:go|going) (?:with|for)\b"
    r"|\bopt for|\b(?:decision|answer|label|verdict)\b|\blet'?s\b|\bwhat you (?:need|want)"
    r"|\b(?:is|are) (?:needed|required|recommended|necessary|appropriate|suitable|ideal|the way)"
    r"|\bstart (?:with|by)|\bwill help|\bgives? (?:\w+ )?results|\bis the (?:approach|solution)"
    r"|\b(?:it'?s|this is|that is|it is) (?:clearly )?an? \S+ (?:problem|task|case|job)"
    r"|\byour (?:\w+ )?(?:model|bot|case|problem|task|situation|data|documents?|manuals?|needs?)\b"
    r"|empfehl\w*|empfiehlt|\brate\b|\bsoll(?:t|te)\w*|\bmüss\w*|\bschlage|vorschlag|am besten"
    r"|\b(?:beste|richtige|passende)\w*\b|entscheidung|\bantwort|\bbrauch\w+|benötig\w*"
    r"|\b(?:nutze|verwende|nehme)[nt]?\b|\b(?:nötig|erforderlich|sinnvoll|geeignet)\b"
    r"|recomien\w*|recomend\w*|\bdeb(?:e|er)\w*|sugier\w*|conviene|\bmejor (?:opción|enfoque"
    r"|solución|manera)|decisión|respuesta|necesit\w*|\b(?:use|usa|utilice)\b"
    r"|recommand\w*|conseill\w*|\bdev(?:ez|riez|rait|ons)\b|\bdoit\b|suggère|\bmeilleure? \w+"
    r"|décision|réponse|besoin|il faut|utilisez"
    r"|建议|推荐|应该|应当|最好|最佳|最适合|选择|决定|[您你]\w{0,3}(?:可以|需要|使用|采用)",
    re.I,
)
_ORDERS = re.compile(
    r"^\W*(?:yes|ja|sí|oui|是的?|no|nein|non)?\W*(?:(?:use|try|choose|build|improve|just|do|go"
    r"|nutze\w*|verwende\w*|usa|use|utilisez|fine[- ]?tune|train|retrieve)\b|\S+(?: \S+){0,2}$)",
    re.I,
)
_IF = re.compile(
    r"\b(?:if|unless|whether|falls|wenn|ob|si|whenever)"
    r"\b|如果|若|除非|是否",
    re.I,
)
_WHEN = re.compile(r"\b(?:when|sobald|cuando|quand|lorsque|where)\b|[时候]时|当", re.I)
_DIRECT = re.compile(
    r"\byou (?:should|must|need)|\bI (?:would )?(?:recommend|suggest|advise)|\bmy (?:advice"
    r"|recommendation)|your case|ich (?:empfehle|rate)|(?:Sie|du) soll\w+|recomiendo|je"
    r" (?:vous )?(?:recommande|conseille)|我建议|建议您?",
    re.I,
)
_AGAINST = (
    r"(?:\bnot\b(?! (?:only|just))|n[’']t\b|\bno\b|\bnever\b|\bavoid\w*|\b(?:nicht|kein\w*|statt"
    r"|anstatt|nunca|pas|ni)\b|instead of|rather than|anstelle|en (?:lugar|vez) de|au lieu d[eu]"
    r"|plutôt que|(?:不(?!仅|只|光)|无需|没|别|而非)\w{0,4})"
)
_BEFORE_IT = re.compile(_AGAINST + r"(?:\W+\w+){0,3}?\W*$", re.I)
_AFTER_IT = re.compile(
    rf"^(?:\W+\w+){{0,3}}?\W*(?:{_AGAINST}|\b(?:unnecessary|unsuitable|overkill|wrong|unnötig"
    r"|innecesari\w*|inutile|f[ae]ll(?:s|en)? short|fail\w*)\b)",
    re.I,
)
_NEUTRAL_BEFORE = re.compile(
    r"\b(?:before|without|than|vor|bevor|ohne|avant|antes|sin|sans|until|from|about|what|after)\b"
    r"(?:\W+\w+){0,3}?\W*$",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_CLAUSE = re.compile(
    r"[,;:，；：—–]|\b(?:but|so|because|aber|sondern|weil|pero|sino|porque|mais|car|however)\b"
    r"|而是|但|因为",
    re.I,
)
_YES = re.compile(r"\W*(?:yes|yep|sure|of course|absolutely|ja|klar|sí|claro|oui|是|对|好)", re.I)
_NO = re.compile(r"\W*(?:no|nope|nein|non|不)(?![a-z])", re.I)
# Work on a run that exists or is planned is no advice on the approach.
_ABOUT_A_RUN = re.compile(
    r"\b(?:plan\w*|run|job|card|launch\w*|cost\w*|price|estimat\w*|click|approv\w*)\b", re.I
)
_STARTED = re.compile(
    r"\b(?:I|we)(?:[’']ve| have)? (?:just |now |already |successfully )?(?:started|launched"
    r"|approved|begun|kicked off|trained|fine-tuned)\b"
    r"|\b(?:training|job|run|fine-tuning|launch|process)\s+(?:has(?: been)?|is|was)\s+"
    r"(?:now |already |successfully |been )*(?:started|launched|approved"
    r"|running|under way|in progress|complete\w*)|(?:habe|haben|wurde|ist) (?:[^.\n]{0,50} )?"
    r"(?:gestartet|genehmigt|begonnen)|\b(?:he|hemos|ha sido) (?:iniciado|lanzado|aprobado)"
    r"|(?:j[’']ai|avons|a été) (?:lancé|démarré|approuvé)|已经?(?:启动|开始|批准)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Stated:
    """Approaches that a text recommends, and those that it advises against."""

    recommended: frozenset[str] = frozenset()
    against: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.recommended or self.against)


def stated_in(reply: str, question: str = "", *, general: bool = False) -> Stated:
    """What a reply decides; a bare yes or no takes its meaning from the question.

    general: the question is on the trade and not on a case, so that only advice that addresses the
    person decides anything.
    """
    found = [_in_sentence(sentence, general) for sentence in _SENTENCE.split(reply)]
    recommended = frozenset(a for s in found for a in s.recommended)
    against = frozenset(a for s in found for a in s.against)
    stated = Stated(recommended, against - recommended)
    if stated or general:
        return stated
    asked = frozenset(name for name, term in _APPROACHES.items() if term.search(question))
    if _YES.match(reply):
        return Stated(recommended=asked)
    return Stated(against=asked) if _NO.match(reply) else Stated()


def says_started(reply: str) -> bool:
    """Whether a reply claims that a run was started, approved or finished."""
    return any(
        _STARTED.search(s) and not _IF.search(s) and "?" not in s for s in _SENTENCE.split(reply)
    )


def contradicts(stated: Stated, label: str) -> bool:
    """Whether a statement is another decision than the rule's label."""
    needed, allowed = _ALLOWED[label]
    if stated.recommended and not needed <= stated.recommended <= allowed:
        return True
    return bool(stated.against & needed)


_ALLOWED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "prompt": (frozenset({"prompt"}), frozenset({"prompt"})),
    "rag": (frozenset({"rag"}), frozenset({"rag", "prompt"})),
    "finetune": (frozenset({"finetune"}), frozenset({"finetune"})),
    "both": (frozenset({"rag", "finetune"}), frozenset({"rag", "finetune", "prompt"})),
    "ask": (frozenset(), frozenset()),
    "none": (frozenset(), frozenset()),
}


def _in_sentence(sentence: str, general: bool) -> Stated:
    if not _decides(sentence, general):
        return Stated()
    recommended: set[str] = set()
    against: set[str] = set()
    for clause in _CLAUSE.split(sentence):
        if _BOTH.search(clause) and not re.search(_AGAINST, clause, re.I):
            recommended |= {"rag", "finetune"}
        for name, term in _APPROACHES.items():
            for match in term.finditer(clause):
                _sort_in(name, clause[: match.start()], clause[match.end() :], recommended, against)
    return Stated(frozenset(recommended), frozenset(against))


def _sort_in(name: str, before: str, after: str, recommended: set[str], against: set[str]) -> None:
    if _BEFORE_IT.search(before) or (_AFTER_IT.search(after) and not _mentions(after)):
        against.add(name)
    elif not _NEUTRAL_BEFORE.search(before) and not after.startswith("之前"):
        recommended.add(name)


def _mentions(text: str) -> bool:
    return any(term.search(text) for term in _APPROACHES.values())


def _decides(sentence: str, general: bool) -> bool:
    """Whether a sentence advises, as opposed to asking, explaining or supposing."""
    direct = bool(_DIRECT.search(sentence))
    if general and not direct:
        return False
    if _IF.search(sentence) or (_ABOUT_A_RUN.search(sentence) and not direct):
        return False
    if not direct and (_WHEN.search(sentence) or sentence.rstrip(" *_").endswith(("?", "？"))):
        return False
    return bool(_ADVISES.search(sentence) or _ORDERS.search(sentence))
