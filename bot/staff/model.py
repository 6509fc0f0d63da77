"""Who works here and what each role may do: one table, and the value that every service asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LINK_PREFIX = "S"  # what follows ?start= in an invitation begins with it


class StaffError(ValueError):
    """An account, a link or a session cannot be used so; `code` is a key below `staff.wrong`."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}" if params else code)


class Forbidden(PermissionError):
    """This person may not do that: `code` is `right` or `court`, a key below `staff.wrong`."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{code} {params}")


class Role(StrEnum):
    """What somebody is at the desk."""

    CLERK = "clerk"  # 窗口工作人员
    MEDIATOR = "mediator"  # 特邀调解员
    JUDGE = "judge"  # 执行法官
    NOTARY = "notary"  # 公证员
    SUPERVISOR = "supervisor"  # 负责人: receives what is late
    ADMIN = "admin"  # 管理员


class Right(StrEnum):
    """What somebody may do; `TABLE` says who."""

    SEE_CHATS = "see_chats"
    ANSWER_CHATS = "answer_chats"
    ASSIGN = "assign"
    HEAR_LATE = "hear_late"
    SEE_LEDGER = "see_ledger"
    EDIT_LEDGER = "edit_ledger"
    VERIFY = "verify"
    SETTLE = "settle"
    DECIDE_PLAN = "decide_plan"
    CERTIFY = "certify"
    MAKE_LINK = "make_link"
    CLOSE_TASK = "close_task"
    INTAKE = "intake"
    PETITION = "petition"
    FOLLOW_UP = "follow_up"
    FLOW = "flow"
    ASSIGN_NOTARY = "assign_notary"
    WRITE_CAMPAIGN = "write_campaign"
    APPROVE_CAMPAIGN = "approve_campaign"
    KNOWLEDGE = "knowledge"
    SEE_REPORT = "see_report"
    EXPORT = "export"
    SEE_AUDIT = "see_audit"
    MANAGE_STAFF = "manage_staff"


# The rights of each role, as people read them: x may, . may not. docs/desk.md repeats it; a test compares.
TABLE = """
                  clerk  mediator  judge  notary  supervisor  admin
see_chats           x       x        x      .         x         x
answer_chats        x       x        x      .         x         x
assign              .       .        x      .         x         x
hear_late           .       .        .      .         x         x
see_ledger          x       x        x      x         x         x
edit_ledger         x       .        x      .         x         x
verify              x       .        x      .         x         x
settle              .       x        x      .         x         x
decide_plan         .       .        x      .         x         x
certify             .       .        x      .         x         x
make_link           x       x        x      .         x         x
close_task          x       x        x      x         x         x
intake              x       x        x      .         x         x
petition            x       .        x      .         x         x
follow_up           x       x        x      .         x         x
flow                x       .        x      .         x         x
assign_notary       .       .        x      .         x         x
write_campaign      x       .        x      .         x         x
approve_campaign    .       .        .      .         x         x
knowledge           .       .        x      .         x         x
see_report          x       x        x      x         x         x
export              .       .        x      .         x         x
see_audit           .       .        .      .         x         x
manage_staff        .       .        .      .         .         x
"""


def read_table(text: str) -> dict[Right, frozenset[Role]]:
    """The table as a mapping; ValueError when a right or role is missing or unknown."""
    head, *lines = [line.split() for line in text.splitlines() if line.strip()]
    roles = [Role(word) for word in head]
    found = {
        Right(right): frozenset(role for role, mark in zip(roles, marks, strict=True) if mark == "x")
        for right, *marks in lines
    }
    if set(roles) != set(Role) or set(found) != set(Right):
        raise ValueError("the table of rights does not name every role and every right")
    return found


RIGHTS = read_table(TABLE)


class AccountStatus(StrEnum):
    """An account: active → disabled, and back by an administrator."""

    ACTIVE = "active"
    DISABLED = "disabled"


class LinkKind(StrEnum):
    """What a one-time link of staff is for."""

    INVITE = "invite"  # opened in Telegram: makes an account
    LOGIN = "login"  # opened in the browser: makes a session


class Deed(StrEnum):
    """What the audit log records."""

    SEEN = "seen"
    CHANGED = "changed"
    EXPORTED = "exported"
    SENT = "sent"
    ENTERED = "entered"  # a session began
    LEFT = "left"
    REFUSED = "refused"  # tried what was forbidden


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody of the staff: what every service takes first. `courts` None means all of them."""

    account: int
    name: str
    roles: frozenset[Role]
    court: str
    courts: frozenset[str] | None
    person: str = ""  # pseudonym in the chat; empty for whoever has none

    @property
    def key(self) -> str:
        """As the audit log and the ledger name them."""
        return f"staff:{self.account}" if self.account else "operator"

    def sees(self, court: str | None) -> bool:
        """Whether that court's affairs are theirs; what belongs to no court yet is everybody's."""
        return not court or self.courts is None or court in self.courts

    def sees_chat(self, court: str | None, assignee: int | None) -> bool:
        """Whether a conversation is theirs to see: one that belongs to no court yet is, until somebody holds it."""
        if court:
            return self.sees(court)
        return self.courts is None or assignee in (None, self.account)

    def may(self, right: Right, court: str | None = None) -> bool:
        """Whether they may do that, there."""
        return bool(self.roles & RIGHTS[right]) and self.sees(court)

    def require(self, right: Right, court: str | None = None) -> None:
        """Forbidden when they may not."""
        if not self.roles & RIGHTS[right]:
            raise Forbidden("right", right=right.value)
        if not self.sees(court):
            raise Forbidden("court", court=court or "")


OPERATOR = Who(0, "operator", frozenset(Role), "", None)  # at the terminal of the machine itself
NOBODY = Who(-1, "", frozenset(), "", frozenset())  # may do nothing anywhere
