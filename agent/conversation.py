"""Conversations: send a message, decide on a plan, read everything back after a restart."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowdo.agent.edits import forgotten, marked, save
from knowdo.agent.embedded.language import language_of
from knowdo.agent.embedded.say import say
from knowdo.agent.entries import Entry, file_line
from knowdo.agent.failures import explain
from knowdo.agent.registry import ConversationInfo, Registry, connect
from knowdo.agent.run import Failed, Run
from knowdo.agent.settings import Settings
from knowdo.knowledge.errors import InputError, KnowDoError
from knowdo.tools.advise import use_case_from
from knowdo.tools.training import approve_plan, plan_of_call

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from knowdo.agent.turn import Graph

log = logging.getLogger(__name__)
# More than a person types; a longer text is a document and belongs in a file.
MAX_MESSAGE_CHARACTERS = 50_000
# Above what the limit of model calls allows, so that that one is met first and explained.
RECURSION_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Pending:
    """A tool call that waits for a person: which tool, with which arguments, on which plan."""

    tool: str
    args: dict[str, Any]
    plan_id: str


class Conversations:
    """All conversations of this machine, kept in `chats.sqlite`."""

    def __init__(self, settings: Settings, database: Path) -> None:
        self.settings = settings
        self._database = database
        self._registry = Registry(connect(database))
        self._graph: Graph | None = None
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def new(self) -> str:
        """The id of a new conversation; it is listed from its first message on."""
        return uuid.uuid4().hex[:12]

    def listed(self) -> list[ConversationInfo]:
        """Conversations, the newest first."""
        return self._registry.listed()

    def send(self, conversation_id: str, text: str, files: tuple[str, ...] = ()) -> Run:
        """Start a turn. Raises InputError for a message that cannot be read or while one runs."""
        text = text.strip()
        if not text and not files:
            raise InputError("Your message is empty. Say what your model should do.")
        if len(text) > MAX_MESSAGE_CHARACTERS:
            raise InputError(
                f"Your message has {len(text):,} characters; up to {MAX_MESSAGE_CHARACTERS:,} are"
                " read. Attach the text as a file and say what to do with it."
            )
        content = "\n".join([text, *(file_line(path) for path in files)]).strip()
        if self._waits_for_a_click(conversation_id, text):
            raise InputError(say(language_of(text) or "en", "dialog.open_card"))
        self._registry.touch(conversation_id, text or "Files")
        before = [*self.transcript(conversation_id), Entry("user", text, list(files))]
        from knowdo.agent.turn import new_message

        config = _config(conversation_id)
        return self._start(
            conversation_id, before, lambda: new_message(self._agent(), config, content)
        )

    def approve(self, conversation_id: str, plan_id: str, approved_by: str) -> Run:
        """Approve exactly this plan and let the waiting call run.

        Raises InputError when nothing waits, or when another plan than the shown one is meant.
        """
        pending = self._require_pending(conversation_id)
        if plan_id != pending.plan_id and pending.tool != "launch_finetune":
            raise InputError("A job that goes on keeps its plan; reject it and plan a new run.")
        approve_plan(plan_id, approved_by)
        if plan_id == pending.plan_id:
            decision: dict[str, Any] = {"type": "approve"}
        else:
            # The person edited the plan in the card: the call runs with the plan that they saw.
            action = {"name": pending.tool, "args": {**pending.args, "plan_id": plan_id}}
            decision = {"type": "edit", "edited_action": action}
        return self._resume(conversation_id, decision)

    def reject(self, conversation_id: str, reason: str = "") -> Run:
        """Turn the waiting call down; the plan is kept."""
        self._require_pending(conversation_id)
        decision = {"type": "reject", "message": reason or "the person declined"}
        return self._resume(conversation_id, decision)

    def running(self, conversation_id: str) -> Run | None:
        """The turn in progress, if any."""
        run = self._runs.get(conversation_id)
        return run if run and not run.finished else None

    def pending(self, conversation_id: str) -> Pending | None:
        """The call that waits for a person, if any."""
        from knowdo.agent.turn import waiting_calls

        waiting = waiting_calls(self._agent(), _config(conversation_id))
        if not waiting:
            return None
        name, args = waiting[0]["name"], waiting[0]["args"]
        return Pending(name, args, plan_of_call(name, args))

    def transcript(self, conversation_id: str) -> list[Entry]:
        """What was said and done, oldest first."""
        from knowdo.agent.transcript import transcript

        values = self._agent().get_state(_config(conversation_id)).values
        return transcript(values.get("messages", []))

    def case(self, conversation_id: str) -> dict[str, Any]:
        """The facts of the case as they are understood."""
        case = self._agent().get_state(_config(conversation_id)).values.get("case", {})
        return dict(case)

    def edits(self, conversation_id: str) -> dict[str, str]:
        """What the person changed by hand, as `agent/edits.py` marks it."""
        return dict(self._agent().get_state(_config(conversation_id)).values.get("edits", {}))

    def set_case(self, conversation_id: str, facts: dict[str, Any]) -> dict[str, Any]:
        """Replace the facts by what the person edited; an approval card that is open stays open.

        Raises InputError that names the field.
        """
        case = use_case_from(facts).known()
        marks = marked(self.case(conversation_id), case, self.edits(conversation_id))
        self._save_case(conversation_id, case, marks)
        return case

    def start_over(self, conversation_id: str) -> None:
        """Forget the facts of the case; the conversation, documents and jobs stay."""
        marks = forgotten(self.case(conversation_id), self.edits(conversation_id))
        self._save_case(conversation_id, {}, marks, told=[])

    def told(self, conversation_id: str) -> list[str]:
        """The person's messages that described their case, oldest first."""
        return list(self._agent().get_state(_config(conversation_id)).values.get("told", []))

    def _save_case(
        self, conversation_id: str, case: dict[str, Any], edits: dict[str, str], **also: Any
    ) -> None:
        if self.running(conversation_id):
            raise InputError("A reply is being written; edit the facts when it is finished.")
        save(self._agent(), _config(conversation_id), {"case": case, "edits": edits, **also})

    def warm_up(self) -> None:
        """Load the libraries and build the agent, so that the first message need not wait."""
        self._agent()

    def _agent(self) -> Graph:
        # LangGraph takes seconds to import: the page is up before that.
        with self._lock:
            if self._graph is None:
                from langgraph.checkpoint.sqlite import SqliteSaver

                from knowdo.agent.agent import build_agent
                from knowdo.agent.models import chat_model

                saver = SqliteSaver(connect(self._database))
                self._graph = build_agent(chat_model(self.settings), saver)
            return self._graph

    def _waits_for_a_click(self, conversation_id: str, text: str) -> bool:
        from knowdo.agent.embedded.policy import says_yes

        return says_yes(text) and self.pending(conversation_id) is not None

    def _require_pending(self, conversation_id: str) -> Pending:
        pending = self.pending(conversation_id)
        if pending is None:
            raise InputError("Nothing waits for approval in this conversation.")
        return pending

    def _resume(self, conversation_id: str, decision: dict[str, Any]) -> Run:
        from knowdo.agent.turn import answer, waiting_calls

        waiting = len(waiting_calls(self._agent(), _config(conversation_id)))
        before = self.transcript(conversation_id)
        return self._start(conversation_id, before, lambda: answer(decision, waiting))

    def _start(
        self, conversation_id: str, before: list[Entry], make_input: Callable[[], Any]
    ) -> Run:
        with self._lock:
            if self.running(conversation_id):
                raise InputError("A reply is still being written; wait for it or reload the page.")
            run = Run(before)
            self._runs[conversation_id] = run
        work = threading.Thread(
            target=self._work,
            args=(conversation_id, run, make_input),
            name=f"conversation-{conversation_id}",
            daemon=True,
        )
        work.start()
        return run

    def _work(self, conversation_id: str, run: Run, make_input: Callable[[], Any]) -> None:
        try:
            from knowdo.agent.turn import follow_stream, forget_steps

            follow_stream(self._agent(), _config(conversation_id), make_input(), run)
            forget_steps(self._agent(), conversation_id)
        except KnowDoError as error:
            run.emit(Failed(str(error)))
        except Exception as error:
            log.exception("turn in conversation %s failed", conversation_id)
            run.emit(Failed(explain(error, self.settings)))
        finally:
            run.close()


def _config(conversation_id: str) -> RunnableConfig:
    return {
        "configurable": {"thread_id": conversation_id},
        "recursion_limit": RECURSION_LIMIT,
    }
