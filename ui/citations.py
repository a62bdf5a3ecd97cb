"""Citations: the marks of a reply as links that open the passage over the chat."""

from __future__ import annotations

import re
from datetime import date

import gradio as gr

from knowdo.knowledge.errors import InputError
from knowdo.knowledge.passages import passage, passages
from knowdo.knowledge.schema import Passage, Source
from knowdo.knowledge.services import ABOUT_TODAY, services_on
from knowdo.knowledge.wording import LANGUAGES, Language
from knowdo.tools.format import html

# Code and folded blocks stand as they are; a mark elsewhere becomes a link. The offline model
# numbers its passages, a model behind an endpoint names them.
_KEPT = r"(?P<kept>```.*?```|`[^`\n]*`|<details>.*?</details>)"
_MARK = re.compile(_KEPT + r"|\[(?:(?P<n>\d{1,2})|(?P<id>[a-z][a-z0-9-]+))\](?!\()", re.S)
# A link opens the one popover of the page: it stands over the chat, Escape closes it, and the
# browser then puts the keyboard back on the link.
_OPEN = """
const shown = element.querySelector('#passage');
document.addEventListener('click', async (event) => {
  const link = event.target.closest('#chat a[href*="#passage/"]');
  if (!link || !shown.isConnected) return;
  event.preventDefault();
  event.stopPropagation();
  const named = link.getAttribute('href').split('#passage/')[1];
  const body = shown.querySelector('.body');
  try { body.innerHTML = await server.passage_html(named); }
  catch { body.textContent = 'The passage cannot be read: the server does not answer.'; }
  if (!shown.matches(':popover-open')) shown.showPopover();
  body.scrollTop = 0;
  shown.querySelector('button').focus();
  shown.ontoggle = (change) => { if (change.newState === 'closed') link.focus(); };
}, true);
"""
_POPOVER = (
    "<div id='passage' popover role='dialog' aria-label='Cited passage'>"
    "<button type='button' popovertarget='passage' popovertargetaction='hide'>Close</button>"
    "<div class='body'></div></div>"
)


def build() -> gr.HTML:
    """The popover; it stands once on the page and is filled when a mark is followed."""
    return gr.HTML(_POPOVER, js_on_load=_OPEN, server_functions=[passage_html], elem_id="passages")


def linked(text: str, cited: list[tuple[str, str]]) -> str:
    """A reply with its marks as links to the passages behind them, (id, title) in their order."""
    titles = dict(cited)

    def link(match: re.Match[str]) -> str:
        number, passage_id = int(match["n"] or 0), match["id"]
        if 0 < number <= len(cited):
            passage_id = cited[number - 1][0]
        elif match["kept"] or passage_id not in passages():
            return match[0]
        language = _language(passage_id, titles.get(passage_id, ""))
        return f"[\\[{match['n'] or passage_id}\\]](#passage/{language}/{passage_id})"

    return _MARK.sub(link, text)


def _language(passage_id: str, title: str) -> str:
    """The language of the passage that was shown under this title."""
    try:
        return next((x for x in LANGUAGES if passage(passage_id, x).title == title), "en")
    except InputError:  # a conversation of an earlier version cites what is no longer there
        return "en"


def passage_html(named: str) -> str:
    """The passage `LANGUAGE/ID` with its sources; the browser names it, so nothing is trusted."""
    language, _, passage_id = str(named).partition("/")
    try:
        found = passage(passage_id, language)
    except InputError as error:
        return f"<p>{html(str(error))}</p>"
    sources = "".join(f"<li>{_source(source)}</li>" for source in found.sources)
    text = f"{html(found.text)} {html(_today(found, language))}".strip()
    return f"<h3>{html(found.title)}</h3><p>{text}</p><ul>{sources}</ul>"


def _today(found: Passage, language: str) -> str:
    """How the services stand today, where the passage is about them."""
    known: Language = next((name for name in LANGUAGES if name == language), "en")
    return services_on(date.today(), known) if found.passage_id in ABOUT_TODAY else ""


def _source(source: Source) -> str:
    title = html(source.title)
    if source.url.startswith("https://"):
        title = (
            f"<a href='{html(source.url)}' target='_blank' rel='noopener noreferrer'>{title}</a>"
        )
    return f"{title}, read {source.retrieved.isoformat()}"
