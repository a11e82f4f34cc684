"""Values of the ports from JSON. What is missing is a KeyError: who asked says where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from goldenpath.ports.agents import Message, Page, Run, Started, Thread
from goldenpath.ports.auth import Account, Claims, Client, Grant, Session, User
from goldenpath.ports.events import Event

Json = dict[str, Any]


def user(said: Json) -> User:
    """Who somebody is."""
    return User(said["id"], said["email"], tuple(said["permissions"]))


def account(said: Json) -> Account:
    """An account that was made."""
    return Account(said["email"], said["password"], user(said["user"]))


def grant(said: Json) -> Grant:
    """What a sign-in gave (RFC 6749, 5.1)."""
    who = said.get("user")
    return Grant(
        access_token=said["access_token"],
        refresh_token=said.get("refresh_token"),
        token_type=said["token_type"],
        expires_in=said["expires_in"],
        user=None if who is None else user(who),
        scope=said.get("scope") or "",
    )


def sessions(said: Json) -> tuple[Session, ...]:
    """A user's sign-ins."""
    return tuple(
        Session(each["id"], each["device"], instant(each["started_at"]), instant(each["last_used_at"]), each["current"])
        for each in said["sessions"]
    )


def claims(said: Json) -> Claims:
    """What a token says."""
    return Claims(
        iss=said["iss"],
        aud=said["aud"],
        sub=said["sub"],
        iat=said["iat"],
        exp=said["exp"],
        jti=said["jti"],
        sid=said.get("sid"),
        email=said.get("email"),
        permissions=tuple(said["permissions"]),
        token_type=said["token_type"],
    )


def program(said: Json) -> Client:
    """A program that was made known."""
    return Client(said["id"], said.get("secret"), said.get("redirect_uri"), said.get("scope") or "")


def thread(said: Json) -> Thread:
    """A conversation."""
    return Thread(said["id"], said["title"], instant(said["created_at"]), instant(said["last_activity_at"]))


def page(said: Json) -> Page:
    """Part of a list of conversations."""
    return Page(tuple(thread(each) for each in said["threads"]), said.get("next"))


def messages(said: Json) -> tuple[Message, ...]:
    """What was said in a conversation."""
    return tuple(
        Message(
            id=each["id"],
            thread_id=each["thread_id"],
            run_id=each.get("run_id"),
            role=each["role"],
            content=each["content"],
            created_at=instant(each["created_at"]),
        )
        for each in said["messages"]
    )


def started(said: Json) -> Started:
    """A run that was accepted."""
    return Started(said["run_id"], said["thread_id"])


def run(said: Json) -> Run:
    """A question and what became of it."""
    finished_at = said.get("finished_at")
    return Run(
        id=said["id"],
        thread_id=said["thread_id"],
        prompt=said["prompt"],
        status=said["status"],
        answer=said.get("answer"),
        error=said.get("error"),
        created_at=instant(said["created_at"]),
        finished_at=None if finished_at is None else instant(finished_at),
    )


def event(said: Json) -> Event:
    """An event in its envelope; what an envelope has besides is left aside."""
    return Event(
        type=said["type"],
        event_id=said["event_id"],
        seq=said["seq"],
        run_id=said["run_id"],
        thread_id=said["thread_id"],
        user_id=said["user_id"],
        agent=said["agent"],
        timestamp=instant(said["timestamp"]),
        data=said["data"],
    )


def instant(said: str) -> datetime:
    """A time as RFC 3339 writes it. One without a zone stays without: that is for those who look at it to notice."""
    return datetime.fromisoformat(said)
