"""Every reply that the knowledge can make, made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.consult.model import Viewpoint
from bot.core.texts import Texts
from bot.dialogue.model import TEXT_LIMIT, Reply, utf16_length
from bot.dialogue.words import ACTION_TOPICS, PAGE, Words
from handlers.render import to_plain
from tests.world import library

WORDS = Words(Texts.load())
LARGEST = 2**63 - 1


def labels(reply: Reply) -> list[str]:
    """The labels under a reply."""
    return [b.label for row in reply.buttons for b in row]


def test_every_answer_fits_into_one_message_with_its_buttons() -> None:
    """Answer, provisions, review date, in private and in groups; no placeholder is left."""
    knowledge = library().knowledge
    for entry in knowledge.entries.values():
        for group in (False, True):
            reply = WORDS.answer(knowledge, entry, LARGEST, group=group)
            assert utf16_length(to_plain(reply.text)) <= TEXT_LIMIT, entry.id
            assert "{{" not in reply.text, entry.id
            assert sum(len(row) for row in reply.buttons) <= 100
        assert utf16_length(to_plain(WORDS.more(knowledge, entry).text)) <= TEXT_LIMIT, entry.id


def test_every_answer_about_the_law_names_its_provisions() -> None:
    """Topics without a provision are those about this service and small talk, nothing else."""
    knowledge = library().knowledge
    bare = [e.id for e in knowledge.entries.values() if not e.provisions and not e.policies]
    assert [topic for topic in bare if not topic.startswith(("service.", "chat."))] == []


def test_the_law_behind_an_answer_can_be_read_word_for_word() -> None:
    """Every instrument by its full title, every article once with its quoted words; what `more` rests on is named there."""
    knowledge = library().knowledge
    for entry in knowledge.entries.values():
        text = WORDS.law(knowledge, entry).text
        for provision in entry.cited:
            instrument = knowledge.laws[provision.law]
            assert f"**{instrument.title}**" in text, entry.id
            assert all(clause in text for clause in instrument.clauses[provision.article]), entry.id
        opened = "law:" in "".join(b.data for row in WORDS.more(knowledge, entry).buttons for b in row)
        assert opened is bool(entry.cited), entry.id
        assert utf16_length(to_plain(text)) <= TEXT_LIMIT, entry.id
    more = WORDS.more(knowledge, knowledge.entries["settle.breach"]).text
    assert "依据：《和解规定》第14条、第15条、第7条、第12条、第17条；《民法典合同》第571条" in more


def test_every_button_of_every_reply_can_be_made() -> None:
    """Within 64 bytes, with ids as they are and the largest numbers."""
    knowledge = library().knowledge
    for entry in knowledge.entries.values():
        WORDS.related(knowledge, entry)
        WORDS.sides([(side, entry.id) for side in Viewpoint if side is not Viewpoint.ANYONE])
        WORDS.choices([entry] * 3)


def test_the_pages_of_a_category_hold_each_topic_once() -> None:
    """From the first page to the last by 下一页; a page beyond the end is the last one."""
    knowledge = library().knowledge
    for category in WORDS.texts.under("menu.categories"):
        topics = [e.title for e in knowledge.entries.values() if e.category == category]
        shown: list[str] = []
        for page in range((len(topics) + PAGE - 1) // PAGE):
            reply = WORDS.category(knowledge, category, page)
            shown += [label for label in labels(reply) if label in topics]
        assert shown == topics, category
        assert labels(WORDS.category(knowledge, category, 10**20)) == labels(reply)


@pytest.mark.parametrize("action", sorted(ACTION_TOPICS))
def test_every_action_leads_to_a_topic(action: str) -> None:
    """The button has a label, and behind it stands an entry."""
    assert f"button.actions.{action}" in WORDS.texts
    assert ACTION_TOPICS[action] in library().knowledge.entries


def test_related_topics_that_are_gone_are_left_out() -> None:
    """A reply never offers what nobody can open."""
    knowledge = library().knowledge
    entry = replace(knowledge.entries["apply.fee"], related=("gone.topic", "apply.how"))
    data = [b.data for row in WORDS.related(knowledge, entry).buttons for b in row]
    assert "topic:gone.topic" not in data
    assert "topic:apply.how" in data
