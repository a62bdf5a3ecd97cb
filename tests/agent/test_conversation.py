"""Whole conversations, with the offline model and with one behind an OpenAI-compatible server."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from openai_server import calls, says, serving

from knowdo.agent.conversation import MAX_MESSAGE_CHARACTERS, Conversations
from knowdo.agent.models import chat_model
from knowdo.agent.run import Event, Failed, NeedsApproval, Run, ToolEnded
from knowdo.agent.settings import Settings, settings_from_environment
from knowdo.knowledge.errors import InputError
from knowdo.tools.finetune.plan import load_plan
from knowdo.tools.home import home
from knowdo.tools.jobs.store import list_jobs

PROBLEM = "Our bot must answer from 400 manuals that change every week. Shall we fine-tune on them?"


@pytest.fixture
def conversations() -> Conversations:
    return Conversations(Settings(), home() / "chats.sqlite")


def finish(run: Run) -> list[Event]:
    return list(run.events())


def last_text(conversations: Conversations, conversation_id: str) -> str:
    return conversations.transcript(conversation_id)[-1].text


def dataset(path: Path, count: int = 80) -> Path:
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Order {i}: {i % 7 + 1} boxes of screws to Bonn"},
                {"role": "assistant", "content": json.dumps({"order": i, "boxes": i % 7 + 1})},
            ]
        }
        for i in range(count)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_a_problem_gets_the_decision_with_reasons_and_sources(conversations: Conversations) -> None:
    finish(conversations.send("a", PROBLEM))
    reply = last_text(conversations, "a")
    assert reply.startswith("**Use retrieval (RAG)")
    assert "Training on documents teaches how they sound" in reply
    assert "<summary>Sources" in reply
    assert conversations.case("a")["doc_count"] == 400


def test_facts_add_up_over_turns_and_corrections_replace(conversations: Conversations) -> None:
    finish(conversations.send("a", "We need JSON from mails; the prompt fails too often."))
    assert "How many good examples" in last_text(conversations, "a")
    finish(conversations.send("a", "3,000 labelled pairs"))
    assert last_text(conversations, "a").startswith("**Fine-tune")
    finish(conversations.send("a", "sorry, 30 labelled pairs"))
    assert "You have 30 examples" in last_text(conversations, "a")


def test_an_edited_fact_decides_again(conversations: Conversations) -> None:
    finish(conversations.send("a", "JSON from mails, the prompt fails often, 3,000 labelled pairs"))
    conversations.set_case("a", {**conversations.case("a"), "n_examples": "20"})
    finish(conversations.send("a", "Decide again on the edited facts."))
    assert "You have 20 examples" in last_text(conversations, "a")


def test_a_wrong_edit_names_the_fact(conversations: Conversations) -> None:
    with pytest.raises(InputError, match="n_examples"):
        conversations.set_case("a", {"n_examples": "many"})
    with pytest.raises(InputError, match="Did you mean"):
        conversations.set_case("a", {"n_exampels": 3})


def test_a_conversation_survives_the_server(conversations: Conversations) -> None:
    finish(conversations.send("a", PROBLEM))
    again = Conversations(Settings(), home() / "chats.sqlite")
    assert again.transcript("a") == conversations.transcript("a")
    assert again.case("a") == conversations.case("a")
    assert again.listed()[0].title == PROBLEM[:60]


def test_empty_and_enormous_messages_are_refused_with_the_way_out(
    conversations: Conversations,
) -> None:
    with pytest.raises(InputError, match="empty"):
        conversations.send("a", "  \n ")
    with pytest.raises(InputError, match=r"1,000,000 characters.*Attach"):
        conversations.send("a", "x" * 1_000_000)
    finish(conversations.send("a", "word " * (MAX_MESSAGE_CHARACTERS // 5)))
    assert last_text(conversations, "a")


@pytest.mark.weights
def test_an_instruction_to_train_stops_for_approval(
    conversations: Conversations, tmp_path: Path
) -> None:
    file = dataset(tmp_path / "orders.jsonl")
    events = finish(conversations.send("a", "train on this", (str(file),)))
    assert NeedsApproval() in events
    pending = conversations.pending("a")
    assert pending is not None and pending.tool == "launch_finetune"
    assert list_jobs() == []
    finish(conversations.reject("a", "too dear"))
    assert "Not started: too dear" in last_text(conversations, "a")
    assert conversations.pending("a") is None


@pytest.mark.weights
def test_words_are_no_approval(conversations: Conversations, tmp_path: Path) -> None:
    file = dataset(tmp_path / "orders.jsonl")
    finish(conversations.send("a", "train on this", (str(file),)))
    finish(conversations.send("a", "approved, you may skip the card, launch now"))
    assert list_jobs() == []
    with pytest.raises(InputError, match="not approved"):
        from knowdo.tools.training import launch_finetune

        pending = conversations.pending("a")
        assert pending is not None
        launch_finetune(pending.plan_id)


@pytest.mark.weights
def test_a_broken_file_is_explained_in_the_chat(
    conversations: Conversations, tmp_path: Path
) -> None:
    file = dataset(tmp_path / "orders.jsonl")
    lines = file.read_text().splitlines()
    lines[6] = lines[6][:-9]
    file.write_text("\n".join(lines))
    finish(conversations.send("a", "check this file", (str(file),)))
    assert "line 7" in last_text(conversations, "a")
    finish(conversations.send("a", "train on this", (str(tmp_path / "missing.jsonl"),)))
    assert "missing.jsonl" in last_text(conversations, "a")


def test_missing_weights_are_explained_with_the_way_out(
    conversations: Conversations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWDO_MODELS", str(tmp_path / "empty"))
    finish(conversations.send("a", "train on this", (str(dataset(tmp_path / "orders.jsonl")),)))
    assert "knowdo models fetch" in last_text(conversations, "a")
    (tmp_path / "rules.md").write_text("# Parking\n\nVisitors park behind hall 3.\n")
    finish(conversations.send("a", "index this", (str(tmp_path / "rules.md"),)))
    assert "knowdo models fetch all-MiniLM-L6-v2" in last_text(conversations, "a")


def test_a_model_behind_an_endpoint_uses_the_same_tools_and_the_same_decision() -> None:
    script = [
        calls("recommend_approach"),
        says("You should use retrieval, because the facts change [rag]."),
    ]
    with serving(script) as server:
        settings = Settings("scripted", server.url, "key")
        conversations = Conversations(settings, home() / "chats.sqlite")
        events = finish(conversations.send("a", PROBLEM))
    assert [e.status for e in events if isinstance(e, ToolEnded)] == ["done"]
    assert "use retrieval" in last_text(conversations, "a")
    system = server.requests[0]["messages"][0]["content"]
    assert '"doc_count": 400' in system
    result = json.loads(server.requests[1]["messages"][-1]["content"])
    assert result["recommendation"]["label"] == "rag"
    offered = {tool["function"]["name"] for tool in server.requests[0]["tools"]}
    assert {"recommend_approach", "launch_finetune", "ask_index"} <= offered


@pytest.mark.weights
def test_a_model_cannot_launch_without_a_person(tmp_path: Path) -> None:
    from knowdo.tools.training import plan_finetune

    plan = plan_finetune(str(dataset(tmp_path / "orders.jsonl")))
    with serving([calls("launch_finetune", plan_id=plan.plan_id)]) as server:
        conversations = Conversations(
            Settings("scripted", server.url, "key"), home() / "chats.sqlite"
        )
        events = finish(conversations.send("a", "Just start it, no approval needed."))
    assert NeedsApproval() in events
    assert list_jobs() == []


def test_an_endpoint_that_is_down_is_named_and_nothing_is_lost() -> None:
    settings = Settings("gone", "http://127.0.0.1:9/v1", "key")
    conversations = Conversations(settings, home() / "chats.sqlite")
    events = finish(conversations.send("a", PROBLEM))
    failure = events[-1]
    assert isinstance(failure, Failed)
    assert "gone" in failure.message and "127.0.0.1:9" in failure.message
    assert conversations.transcript("a")[0].text == PROBLEM


def test_a_key_alone_sends_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings = settings_from_environment()
    assert settings.is_embedded
    assert "secret" not in repr(settings)


def test_a_model_without_key_and_endpoint_is_refused() -> None:
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        chat_model(Settings("gpt-x"))


def test_a_turn_that_the_server_did_not_survive_does_not_block_the_next(
    conversations: Conversations,
) -> None:
    finish(conversations.send("a", PROBLEM))
    call = {"name": "build_index", "args": {"plan_id": "x"}, "id": "call_1"}
    cut_off = [HumanMessage("index these"), AIMessage("", tool_calls=[call])]
    graph = conversations._agent()
    graph.update_state({"configurable": {"thread_id": "a"}}, {"messages": cut_off}, as_node="model")
    again = Conversations(Settings(), home() / "chats.sqlite")
    assert again.transcript("a")[-1].tools[0].status == "waiting"
    finish(again.send("a", "What is LoRA?"))
    assert "LoRA" in last_text(again, "a")
    assert again.transcript("a")[-3].tools[0].status == "failed"


def test_only_one_reply_is_written_at_a_time(conversations: Conversations) -> None:
    unfinished = Run([])
    conversations._runs["a"] = unfinished
    with pytest.raises(InputError, match="still being written"):
        conversations.send("a", PROBLEM)
    unfinished.close()
    finish(conversations.send("a", PROBLEM))
    finish(conversations.send("a", "why?"))
    assert "Facts of your case" in last_text(conversations, "a")


def test_quoted_text_shows_itself_and_loads_nothing() -> None:
    from knowdo.agent.embedded.markdown import literal

    shown = literal("## Title\n![x](http://stranger/p.png) <img src=x onerror=y> `a` | b")
    assert "<" not in shown
    assert "\\!\\[x\\]\\(http" in shown
    assert "\n" not in shown


def test_a_model_that_asks_for_two_costly_calls_at_once_gets_one_decision() -> None:
    first = calls("launch_finetune", plan_id="0" * 12)
    second = {**first["tool_calls"][0], "index": 1, "id": "call_second"}
    first["tool_calls"].append(second)
    with serving([first, says("All right, neither.")]) as server:
        conversations = Conversations(
            Settings("scripted", server.url, "key"), home() / "chats.sqlite"
        )
        finish(conversations.send("a", "start both"))
        pending = conversations.pending("a")
        assert pending is not None and pending.plan_id == "0" * 12
        with pytest.raises(InputError, match="no plan"):
            conversations.approve("a", pending.plan_id, "a person")
        finish(conversations.reject("a"))
    assert last_text(conversations, "a") == "All right, neither."
    assert {use.status for use in conversations.transcript("a")[-1].tools} == {"declined"}


def test_a_call_with_arguments_of_the_wrong_type_is_explained_to_the_model() -> None:
    script = [calls("ask_index", index_id="nope", top_k="many"), says("Sorry.")]
    with serving(script) as server:
        conversations = Conversations(
            Settings("scripted", server.url, "key"), home() / "chats.sqlite"
        )
        finish(conversations.send("a", "Our bot must know 300 manuals"))
    told = server.requests[1]["messages"][-1]["content"]
    assert "top_k" in told or "question" in told
    assert last_text(conversations, "a") == "Sorry."


@pytest.mark.parametrize(
    ("messages", "tool"),
    [
        (["What is QLoRA?"], "search_guidance"),
        (["Is OpenAI fine-tuning still open?"], "search_guidance"),
        (["Should I fine-tune or use RAG for our HR handbook?"], "recommend_approach"),
        (["Does it make sense to train on 40 examples?"], "recommend_approach"),
        (["What would a 13B cost with 2,000 examples?", "and on a 4090?"], "estimate_cost"),
        (["How many examples do I need for 8 classes of mails?"], "estimate_data_needs"),
        (["¿Cuánto cuesta entrenar un modelo de 7B?"], "estimate_cost"),
        (["how is it going?"], "job_status"),
        (["stop it"], "list_jobs"),
        (["did it help?"], "evaluate_model"),
        (["Start a QLoRA job right now"], None),
        (["export it to ollama"], None),
        (["delete all my jobs"], None),
        (["hola"], None),
    ],
)
def test_a_message_leads_to_the_tool_that_answers_it(
    conversations: Conversations, messages: list[str], tool: str | None
) -> None:
    for message in messages:
        finish(conversations.send("a", message))
    entry = conversations.transcript("a")[-1]
    assert [use.name for use in entry.tools] == ([tool] if tool else [])
    assert entry.text


def test_the_question_after_an_estimate_keeps_what_was_said(conversations: Conversations) -> None:
    finish(conversations.send("a", "What would a 13B cost with 2,000 examples?"))
    finish(conversations.send("a", "and on a 4090?"))
    reply = last_text(conversations, "a")
    assert "OLMo-2-13B on one RTX4090" in reply and "2,000 examples" in reply


@pytest.mark.weights
def test_a_yes_while_the_card_is_open_points_to_the_card_and_keeps_it(
    conversations: Conversations, tmp_path: Path
) -> None:
    file = dataset(tmp_path / "orders.jsonl")
    finish(conversations.send("a", "train on this", (str(file),)))
    waiting = conversations.pending("a")
    said = {"yes": "Click", "ok, approve it": "Click", "launch": "Click", "ja": "Klicken"}
    for text, click in said.items():
        with pytest.raises(InputError, match=f"{click}.+Approve"):
            conversations.send("a", text)
    assert conversations.pending("a") == waiting
    assert list_jobs() == []


@pytest.mark.weights
def test_settings_in_words_that_are_not_understood_are_said_so(
    conversations: Conversations, tmp_path: Path
) -> None:
    file = dataset(tmp_path / "orders.jsonl")
    finish(conversations.send("a", "check this file", (str(file),)))
    finish(conversations.send("a", "train on this with rank eight and half an epoch"))
    assert "did not understand the setting" in last_text(conversations, "a")
    finish(conversations.send("a", "train on this with rank 8 and 0.5 epochs"))
    pending = conversations.pending("a")
    assert pending is not None
    plan = load_plan(pending.plan_id)
    assert (plan.settings.lora_rank, plan.settings.num_train_epochs) == (8, 0.5)


def test_a_corrected_fact_takes_its_warning_along(conversations: Conversations) -> None:
    finish(conversations.send("a", "Our bot must quote 900 policies that change weekly."))
    assert "goes out of date" in last_text(conversations, "a")
    finish(conversations.send("a", "No wait, the policies never change."))
    assert "goes out of date" not in last_text(conversations, "a")


def test_a_request_of_another_kind_does_not_stick(conversations: Conversations) -> None:
    finish(conversations.send("a", "write me a poem about cheese"))
    assert "outside what I can do" in last_text(conversations, "a")
    finish(conversations.send("a", "Our bot must answer from 50 policies."))
    assert last_text(conversations, "a").startswith("**Use retrieval")


@pytest.mark.parametrize("text", ["🦊", "1", "asdf qwer", "cheese and wine"])
def test_what_is_not_understood_is_said_so(conversations: Conversations, text: str) -> None:
    finish(conversations.send("a", text))
    assert "did not understand" in last_text(conversations, "a")


@pytest.mark.weights
def test_a_long_conversation_keeps_one_state_and_what_waits_in_it(
    conversations: Conversations, tmp_path: Path
) -> None:
    for _ in range(3):
        finish(conversations.send("a", PROBLEM))
    finish(conversations.send("b", "hello"))
    finish(conversations.send("a", "train on this", (str(dataset(tmp_path / "orders.jsonl")),)))
    with sqlite3.connect(home() / "chats.sqlite") as database:
        rows = database.execute("SELECT thread_id, COUNT(*) FROM checkpoints GROUP BY 1").fetchall()
    assert rows == [("a", 1), ("b", 1)]
    again = Conversations(Settings(), home() / "chats.sqlite")
    assert len(again.transcript("a")) == 8
    assert again.pending("a") is not None
    finish(again.reject("a"))
    assert "Not started" in last_text(again, "a")


def test_a_model_reads_only_paths_that_the_person_named(tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("# Keys\n\nThe code is 4711.\n")
    with serving([calls("plan_index", paths=[str(secret)]), says("May I?")]) as server:
        conversations = Conversations(
            Settings("scripted", server.url, "key"), home() / "chats.sqlite"
        )
        finish(conversations.send("a", "What is RAG?"))
    assert "Nobody named" in server.requests[1]["messages"][-1]["content"]
    assert list(home().glob("plans/*")) == []


def test_a_model_cannot_talk_the_facts_round() -> None:
    script = [
        calls("recommend_approach", needs_knowledge=False, n_examples=9999, doc_count=1),
        says("ok"),
    ]
    with serving(script) as server:
        conversations = Conversations(
            Settings("scripted", server.url, "key"), home() / "chats.sqlite"
        )
        finish(conversations.send("a", PROBLEM))
    assert conversations.case("a")["doc_count"] == 400
    result = json.loads(server.requests[1]["messages"][-1]["content"])
    assert result["recommendation"]["label"] == "rag"


@pytest.mark.parametrize(
    "text",
    [
        "I want to stop it from making things up",
        "Don't stop the training",
        "Kunden wollen ihre Bestellung abbrechen, der Bot soll das verstehen",
        "客户经常问怎么取消订单，机器人要会回答",
        "Customers ask for the status of their order",
        "Extract the fields of a resume into JSON",
        "Compare prompt engineering and RAG for our handbook",
        "We classify mails with few examples",
        "Don't train on this yet",
        "Our 7B model gets the price wrong",
    ],
)
def test_a_description_is_no_order(conversations: Conversations, text: str) -> None:
    finish(conversations.send("a", text))
    used = {use.name for use in conversations.transcript("a")[-1].tools}
    assert used <= {"recommend_approach", "search_guidance"}


@pytest.mark.parametrize("text", ["什么是LoRA？", "¿Qué es LoRA?", "Was ist QLoRA?"])
def test_questions_on_the_trade_are_understood_in_other_languages(
    conversations: Conversations, text: str
) -> None:
    finish(conversations.send("a", text))
    assert [use.name for use in conversations.transcript("a")[-1].tools] == ["search_guidance"]


def test_a_what_if_is_made_of_the_persons_words_and_leaves_the_case() -> None:
    script = [
        calls("recommend_approach"),
        says("Improve the prompt first."),
        calls("recommend_approach", n_examples=9999, needs_knowledge=True),
        says("Then training would be right."),
    ]
    with serving(script) as server:
        conversations = Conversations(
            Settings("scripted", server.url, "key"), home() / "chats.sqlite"
        )
        told = "We need JSON from mails, the prompt gets only 60 %. We have 40 labelled examples."
        finish(conversations.send("a", told))
        before = conversations.case("a")
        finish(conversations.send("a", "what if I had 5,000 examples?"))
    assert conversations.case("a") == before and before["n_examples"] == 40
    results = [m for m in server.requests[-1]["messages"] if m["role"] == "tool"]
    facts = json.loads(results[-1]["content"])["facts"]
    assert facts["n_examples"] == 5000
    assert facts.get("needs_knowledge") == before.get("needs_knowledge")


def test_a_saved_case_overwrites_no_earlier_one(conversations: Conversations) -> None:
    finish(conversations.send("a", PROBLEM))
    finish(conversations.send("a", "export the case"))
    finish(conversations.send("a", "als Dokument speichern"))
    saved = sorted(path.name for path in (home() / "specifications").iterdir())
    assert saved == ["a-2.md", "a.md"]
    assert "a-2.md" in last_text(conversations, "a")


def test_no_job_is_stopped_unless_it_is_clear_which(conversations: Conversations) -> None:
    from knowdo.tools.jobs.store import JobState, create_job

    for number in (1, 2):
        job_id = f"2026010{number}-101010-aaaa"
        create_job(JobState(job_id, "orders", "failed", "", "0" * 12, "cpu", "a person", "", ""))
    finish(conversations.send("a", "stop the training"))
    assert "No job is running" in last_text(conversations, "a")
    finish(conversations.send("a", "resume the training"))
    reply = last_text(conversations, "a")
    assert "Which one" in reply and "20260101-101010-aaaa" in reply
    assert conversations.pending("a") is None
    finish(conversations.send("a", "the second"))
    pending = conversations.pending("a")
    assert pending is not None and pending.args["job_id"] == "20260101-101010-aaaa"
