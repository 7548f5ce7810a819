"""Rows of signatures and of what the HTTP API tells."""

import time

from toolboxai.conform.expectations import expect
from toolboxai.conform.publishing import told
from toolboxai.conform.row import row
from toolboxai.conform.target import Target, fresh

__all__: list[str] = []

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


@row(51, "a signature is good for less than 600 seconds, either way")
async def age(target: Target) -> None:
    now = int(time.time())
    for seconds in (-590, 590):
        told(await target.get("/channels", auth_timestamp=str(now + seconds)), 200)
    for seconds in (-610, 610):
        told(await target.get("/channels", auth_timestamp=str(now + seconds)), 401)


@row(52, "a changed request is refused")
async def changed(target: Target) -> None:
    path, body = f"/apps/{target.app_id}/events", b'{"name":"e","channel":"a","data":"1"}'
    signature = target.signed("POST", path, body, {})["auth_signature"]
    nibble = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    for change in ({"auth_signature": nibble}, {"auth_key": None}, {"auth_version": "2.0"}):
        told(await target.send("POST", path, body, change=change), 401)
    other = target.signed("POST", path, b"{}", {})["body_md5"]
    told(await target.send("POST", path, body, {"body_md5": other}), 401)


@row(53, "a GET is signed with or without the MD5 of an empty body")
async def empty_md5(target: Target) -> None:
    told(await target.get("/channels"), 200)
    told(await target.get("/channels", body_md5=EMPTY_MD5), 200)


@row(54, "user counts of all channels are not told")
async def count_without_prefix(target: Target) -> None:
    text = (
        "user_count may only be requested for presence channels - "
        "please supply filter_by_prefix begining with presence-\n"
    )
    told(await target.get("/channels", info="user_count"), 400, text)


@row(55, "user counts of presence channels are told")
async def counts(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as one, target.socket() as two, target.socket() as again:
        await one.enter(name, {"user_id": "1"})
        for peer in (two, again):
            await peer.enter(name, {"user_id": "2"})
        answer = await target.get("/channels", filter_by_prefix=name, info="user_count")
        told(answer, 200)
        expect(answer.json, {"channels": {name: {"user_count": 2}}}, "the body")


@row(56, "a channel with nobody on it is not occupied")
async def unoccupied(target: Target) -> None:
    name = fresh()
    answer = await target.get(f"/channels/{name}")
    told(answer, 200)
    expect(answer.json, {"occupied": False}, "the body")
    text = "Cannot retrieve the user count unless the channel is a presence channel\n"
    told(await target.get(f"/channels/{name}", info="user_count"), 400, text)


@row(57, "users are told of presence channels only")
async def users(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as one, target.socket() as two, target.socket() as again:
        await one.enter(name, {"user_id": "1"})
        for peer in (two, again):
            await peer.enter(name, {"user_id": "2"})
        answer = await target.get(f"/channels/{name}/users")
        told(answer, 200)
        found = sorted((answer.json or {}).get("users", []), key=str)
        expect(found, [{"id": "1"}, {"id": "2"}], "the users")
    text = "Users can only be retrieved for presence channels\n"
    told(await target.get(f"/channels/{fresh()}/users"), 400, text)
