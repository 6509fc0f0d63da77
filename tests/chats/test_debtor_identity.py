"""From the paper to a proven person: links, proof of identity, consent, helpers, a wrong person."""

from __future__ import annotations

from datetime import date

from bot.ledger.model import NewPayment
from bot.reach.model import TRIES
from tests import cases
from tests.chats.conftest import Court
from tests.world import TEXTS, World

FACTS = ("60,475", "货款", "执123号", "王小二", "李大山")


async def test_nothing_of_a_case_is_said_before_identity_is_proven(world: World) -> None:
    """Link opened, consent, name: until the last characters are right no fact of any case is shown."""
    owed = await cases.owes(world, "李大山")
    debtor = await world.person("手机用户")
    await cases.opens(world, debtor, await cases.link(world, owed.debtor))
    await debtor.hears("为了不让别人看到您的事")
    await debtor.taps("party.button.consent")
    await debtor.hears("party.identify.name")
    await debtor.says("李大山")
    await debtor.hears("party.identify.tail")
    await debtor.says("/mine")
    assert not any(fact in cases.said(debtor).replace("李大山，您好", "") for fact in FACTS)
    await debtor.says(owed.number[-6:])
    await debtor.hears("核验通过。李大山")
    await debtor.taps("party.button.mine")
    await debtor.hears("还欠 60,475 元")


async def test_a_forwarded_link_gives_the_second_person_nothing_but_the_counter(world: World) -> None:
    """First use wins; the second gets the same words as for a made-up or expired link."""
    owed = await cases.owes(world, "李大山")
    start = await cases.link(world, owed.debtor)
    debtor, stranger = await world.person("甲"), await world.person("乙")
    await cases.opens(world, debtor, start)
    await cases.opens(world, stranger, start)
    await stranger.hears("party.link.refused")
    await cases.opens(world, stranger, "Lnosuchtoken0000000000")
    await stranger.hears("party.link.refused")
    late = await cases.link(world, owed.debtor)
    world.advance(days=91)
    await cases.opens(world, stranger, late)
    await stranger.hears("party.link.refused")
    assert not any(fact in cases.said(stranger) for fact in FACTS)


async def test_after_five_wrong_proofs_only_a_person_helps(court: Court) -> None:
    """The fifth wrong proof locks; the right one does not open any more, a new link from the counter does."""
    world, clerk = court.world, court.clerk
    owed = await cases.owes(world, "李大山")
    debtor = await world.person("甲")
    start = await cases.link(world, owed.debtor)
    await cases.opens(world, debtor, start)
    await debtor.taps("party.button.consent")
    for left in range(TRIES - 1, -1, -1):
        await debtor.says("李大山")
        await debtor.says("000000")
        await debtor.hears("party.identify.wrong" if left else "party.identify.locked", left=left)
    assert owed.case in (await clerk.hears("身份核验失败")).text
    await cases.opens(world, debtor, start)
    await debtor.hears("party.identify.locked")
    await debtor.says(owed.number[-6:])
    assert "核验通过" not in cases.said(debtor)
    await cases.opens(world, debtor, await cases.link(world, owed.debtor))
    await debtor.says("李大山")
    await debtor.says(owed.number[-6:])
    await debtor.hears("核验通过")


async def test_a_whole_id_number_is_not_needed_and_costs_no_try(world: World) -> None:
    """Typed in full it is masked before it is stored: the bot asks for the last six and counts no try."""
    owed = await cases.owes(world, "李大山")
    debtor = await world.person("甲")
    await cases.opens(world, debtor, await cases.link(world, owed.debtor))
    await debtor.taps("party.button.consent")
    await debtor.says("李大山")
    await debtor.says(owed.number)
    await debtor.hears("party.identify.no_tail")
    await debtor.says(owed.number[-6:])
    await debtor.hears("核验通过")
    async with world.bot.services.store.work() as work:
        logged = [m.text async for m in work.log.read()]
        consents = [e.kind for e in await work.reach.events_of([owed.debtor])]
    assert not any(owed.number[-6:] in text for text in logged)
    assert "consent" in consents


async def test_a_changed_account_takes_over_and_the_old_one_is_told(world: World) -> None:
    """The same person proves themselves with another account: the old chat shows nothing any more."""
    owed = await cases.owes(world, "李大山")
    old, new = await world.person("旧号"), await world.person("新号")
    await cases.bind(world, old, owed.debtor, "李大山", owed.number)
    await cases.bind(world, new, owed.debtor, "李大山", owed.number)
    await old.hears("party.identify.replaced")
    await old.says("/mine")
    await old.hears("party.case.none")


async def test_a_family_member_reads_along_only_when_the_party_agrees(world: World) -> None:
    """Invited by the party, named and confirmed by the party; taken back, nothing is shown any more."""
    owed = await cases.owes(world, "李大山")
    debtor, wife = await world.person("甲"), await world.person("乙")
    await cases.bind(world, debtor, owed.debtor, "李大山", owed.number)
    await debtor.taps("party.button.helper")
    message = await debtor.hears("只能用一次")
    await cases.opens(world, wife, message.text.partition("start=")[2].split()[0])
    await wife.taps("party.button.consent")
    await wife.says("周小花")
    await wife.taps("party.relation.family")
    await wife.hears("party.helper.waiting")
    await wife.says("/mine")
    assert "60,475" not in cases.said(wife)
    await debtor.hears("周小花")
    await debtor.taps("party.button.helper_yes")
    await wife.hears("party.helper.welcome")
    await wife.says("/mine")
    await wife.hears("还欠 60,475 元")
    await debtor.taps("party.button.helper_end")
    await wife.says("/mine")
    await wife.hears("party.case.none")


async def test_one_person_sees_all_their_cases(world: World) -> None:
    """The same ID number is the same party: one proof is enough for several cases."""
    first = await cases.owes(world, "李大山")
    await cases.owes(world, "李大山", "孙七", 100_000, case="（2026）黔0402执200号", label="借款")
    debtor = await world.person("甲")
    await cases.bind(world, debtor, first.debtor, "李大山", first.number)
    await debtor.taps("party.button.mine")
    listed = await debtor.hears("您名下有 2 项")
    assert "借款" in listed.text
    assert "货款" in listed.text


async def test_the_neutral_notice_leads_on_to_the_proof(world: World) -> None:
    """Link opened, then silence: the reminder names nothing, and 核验身份 under it goes on with the proof."""
    owed = await cases.owes(world, "李大山")
    debtor = await world.person("甲")
    await cases.opens(world, debtor, await cases.link(world, owed.debtor))
    await cases.remind(world)
    await debtor.hears("有一条来自")
    assert not any(fact in cases.said(debtor) for fact in FACTS)
    await debtor.taps("核验身份")
    await debtor.taps("party.button.consent")
    await debtor.says("李大山")
    await debtor.says(owed.number[-6:])
    await debtor.hears("核验通过")


async def test_a_wrong_person_is_left_in_peace_at_once(court: Court) -> None:
    """不是本人: no more of this case to that chat, a task, the unreached list says why; a slip can be undone."""
    world, clerk = court.world, court.clerk
    owed = await cases.owes(world, "李大山")
    stranger = await world.person("甲")
    await cases.opens(world, stranger, await cases.link(world, owed.debtor))
    await stranger.taps("party.button.notme")
    await stranger.hears("不会再给这里发这个案件的任何消息")
    await clerk.hears("不是本人")
    [missed] = await world.bot.services.reach.unreached()
    assert missed.why == "wrong_person"
    world.advance(days=6)
    await cases.remind(world)
    assert "执行局" not in cases.said(stranger).partition("不会再给这里发")[2]
    await stranger.taps("party.button.notme_slip")
    await stranger.taps("party.button.consent")
    await stranger.says("李大山")
    await stranger.says(owed.number[-6:])
    await stranger.hears("核验通过")


async def test_two_people_at_the_same_moment_are_never_mixed_up(world: World) -> None:
    """Both prove themselves with their messages interleaved, under names that look like ours; each sees their own case."""
    first = await cases.owes(world, "李大山")
    second = await cases.owes(world, "周小花", "孙七", 100_000, case="（2026）黔0402执200号", label="借款", serial=2)
    one, two = await world.person("#T000001 from 李大山"), await world.person("**周小花**" * 8)
    await cases.opens(world, one, await cases.link(world, first.debtor))
    await cases.opens(world, two, await cases.link(world, second.debtor))
    for person in (one, two):
        person.actor.taps(TEXTS("party.button.consent"))
    for words in (("李大山", "周小花"), (first.number[-6:], second.number[-6:]), ("/mine", "/mine")):
        for person, said in zip((one, two), words, strict=True):
            person.actor.says(said)
    await world.settled()
    await one.hears("还欠 60,475 元")
    await two.hears("还欠 1,000 元")
    assert "借款" not in cases.said(one)
    assert "60,475" not in cases.said(two)


async def test_a_shared_contact_proves_nothing(world: World) -> None:
    """A contact may be another person's: sent instead of the last characters it opens no case."""
    owed = await cases.owes(world, "李大山")
    person = await world.person("甲")
    await cases.opens(world, person, await cases.link(world, owed.debtor))
    await person.taps("party.button.consent")
    await person.says("李大山")
    await person.sends("contact", phone="13800000001", first_name="李大山")
    await person.says("/mine")
    assert not any(fact in cases.said(person).replace("李大山，您好", "") for fact in FACTS)


async def test_words_around_a_name_cost_no_try_and_dictated_characters_count(world: World) -> None:
    """我叫…啊 is a name, a question and figures are none; 后六位是零二… spoken is what it says; figures are not logged."""
    owed = await cases.owes(world, "李大山")
    debtor = await world.person("甲")
    await cases.opens(world, debtor, await cases.link(world, owed.debtor))
    await debtor.says("我还欠多少钱")
    await debtor.hears("party.case.prove_now")
    await debtor.taps("party.button.consent")
    await debtor.says("什么意思啊，我不会弄")
    await debtor.says(f"李大山 {owed.number[-6:]}")
    await debtor.hears("party.identify.name_only")
    await debtor.says("我叫李大山啊。")
    await debtor.says("我不记得了")
    await debtor.hears("party.identify.no_tail")
    spoken = owed.number[-6:].translate(str.maketrans("0123456789", "零幺二三四五六七八九"))
    await debtor.says(f"后六位是 {spoken}")
    await debtor.hears("核验通过")
    async with world.bot.services.store.work() as work:
        logged = [m.text async for m in work.log.read()]
        kinds = [e.kind for e in await work.reach.events_of([owed.debtor])]
    assert not any(owed.number[-6:] in text for text in logged)
    assert "proof_failed" not in kinds


async def test_each_notice_of_a_person_with_several_cases_serves_until_one_was_used(world: World) -> None:
    """Sheets of two cases: either code works; afterwards the other one shows the cases here, and nobody else anything."""
    first = await cases.owes(world, "李大山")
    second = await cases.owes(world, "李大山", case="（2026）黔0402执124号")
    assert first.debtor == second.debtor
    codes = [await cases.link(world, owed.debtor) for owed in (first, second)]
    debtor, stranger = await world.person("甲"), await world.person("乙")
    await cases.opens(world, debtor, codes[0])
    await debtor.taps("party.button.consent")
    await debtor.says("李大山")
    await debtor.says(first.number[-6:])
    await debtor.hears("核验通过")
    await cases.opens(world, stranger, codes[1])
    await stranger.hears("party.link.refused")
    await cases.opens(world, debtor, codes[1])
    await debtor.hears("party.case.list", count=2)


async def test_an_older_notice_gives_no_more_tries(world: World) -> None:
    """Five wrong proofs with one code, then the code of another envelope: still locked; only a new link begins anew."""
    owed = await cases.owes(world, "李大山")
    codes = [await cases.link(world, owed.debtor) for _ in range(2)]
    thief = await world.person("甲")
    await cases.opens(world, thief, codes[0])
    await thief.taps("party.button.consent")
    world.advance(minutes=5)
    for _ in range(TRIES):
        await thief.says("李大山")
        await thief.says("000000")
    await thief.hears("party.identify.locked")
    await cases.opens(world, thief, codes[1])
    await thief.hears("party.identify.locked")
    await thief.says(owed.number[-6:])
    assert "核验通过" not in cases.said(thief)


async def test_what_staff_do_meanwhile_is_told_to_proven_chats_only(world: World) -> None:
    """Link opened, nothing proven: a payment, a moved day, a grace period and a promise are not told there."""
    owed = await cases.owes(world, "李大山")
    debtor, creditor = await world.person("甲"), await world.person("乙")
    await cases.bind(world, creditor, owed.creditor, "王小二", owed.creditor_number)
    await cases.opens(world, debtor, await cases.link(world, owed.debtor))
    before = len(debtor.heard())
    casework, courts = world.bot.services.casework, frozenset({"xixiu"})
    await casework.pay(owed.obligation, NewPayment(1_000_000, date(2026, 11, 23)), cases.STAFF, courts)
    seen = await cases.view(world, owed)
    await casework.move_due(seen.instalments[0].id, date(2027, 1, 15), "双方商定", cases.STAFF, courts)
    await casework.grant_grace(owed.obligation, date(2027, 2, 1), "暂时困难", cases.STAFF, courts)
    await world.settled()
    await creditor.hears("期限改到 2027年1月15日")
    assert debtor.heard()[before:] == []
