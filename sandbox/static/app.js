// The chat page: knows persons, groups and messages, draws the open chat, sends what the person does.

import { bubble, day, dayKey, el, icon, paintAvatar, preview, safeUrl, shortTime, useWords } from "/static/render.js";

const $ = (id) => document.getElementById(id);
const state = {
  words: {}, bot: {}, people: new Map(), groups: new Map(), chats: new Map(), commands: {}, about: {},
  open: null, speaker: null, topic: 0, replying: null, editing: null, typing: new Map(),
  waiting: new Map(), answered: new Set(), drafts: new Map(), keysHidden: new Set(),
};

// --- talking to the server -------------------------------------------------------------------

async function ask(path, options) {
  const answer = await fetch(`/sandbox/${path}`, options);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error ?? state.words.failed);
  return body;
}
const act = (action, values) => ask(`do/${action}`, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values),
});
async function attempt(promise) {
  try { return await promise; } catch (error) { toast(error.message, true); return null; }
}

async function load() {
  const fresh = await ask("state");
  Object.assign(state, { bot: fresh.bot, commands: fresh.commands, about: fresh.about });
  state.people = new Map(fresh.people.map((person) => [person.id, person]));
  state.groups = new Map(fresh.groups.filter((group) => !group.migrated_to).map((group) => [group.id, group]));
  state.chats = new Map();
  document.title = $("side-title").textContent = fresh.title || state.words.title;
  $("bot-name").textContent = `@${state.bot.username}`;
  await Promise.all(Object.entries(fresh.last).map(async ([chat, last]) => {
    if (last) keep(Number(chat), last);
    const read = readMark(Number(chat));
    if (last && last.message_id > read) await loadMessages(Number(chat), read);
  }));
  if (state.open !== null && find(state.open)) await open(state.open);
  else close();
  drawSide();
}

async function loadMessages(chat, after = 0) {
  for (const view of await ask(`chats/${chat}/messages?after=${after}`)) keep(chat, view);
}

// A fetched page of messages may be older than the news that came meanwhile.
function keep(chat, view) {
  const known = chatOf(chat).get(view.message_id);
  const newer = known && (known.versions.length > view.versions.length || (known.deleted && !view.deleted));
  if (!newer) chatOf(chat).set(view.message_id, view);
}

const find = (id) => state.people.get(id) ?? state.groups.get(id);
const chatOf = (id) => state.chats.get(id) ?? state.chats.set(id, new Map()).get(id);
const messagesOf = (id) => [...chatOf(id).values()].sort((a, b) => a.message_id - b.message_id);
const isGroup = (id) => id < 0;
const nameOf = (chat) => chat.title ?? `${chat.first_name} ${chat.last_name ?? ""}`.trim();
const roleOf = (chat) => chat.role ? `（${chat.role}）` : "";

// What has been read survives a reload; a page without storage simply forgets.
const markName = (chat) => `sandbox-read:${state.bot.id}:${chat}`;
function readMark(chat) { try { return Number(localStorage.getItem(markName(chat)) ?? 0); } catch { return 0; } }
function setRead(chat) {
  const last = messagesOf(chat).at(-1);
  try { localStorage.setItem(markName(chat), last?.message_id ?? 0); } catch { /* see above */ }
}
function unread(chat) {
  const mark = readMark(chat);
  return messagesOf(chat).filter((view) => view.message_id > mark && view.from_bot && !view.deleted).length;
}

// --- news ---------------------------------------------------------------------------------------

const onNews = {
  message(event) {
    keep(event.chat_id, event.message);
    if (event.message.from_bot) stopTyping(event.chat_id);
    if (event.message.keyboard) state.keysHidden.delete(event.chat_id);
    if (event.chat_id === state.open) { drawLog(); drawFoot(); if (document.hasFocus()) setRead(state.open); }
    drawSide();
  },
  edit(event) { onNews.message(event); },
  delete(event) { onNews.message(event); },
  person({ person }) { state.people.set(person.id, person); if (person.id === state.open) drawChat(); drawSide(); },
  group({ group }) {
    if (group.migrated_to) state.groups.delete(group.id); else state.groups.set(group.id, group);
    if (group.id === state.open) drawChat();
    drawSide();
  },
  action({ chat_id: chat, action, thread_id: thread }) {
    stopTyping(chat);
    if (action === "cancel") return;
    state.typing.set(chat, { action, thread, timer: setTimeout(() => { stopTyping(chat); drawLog(); }, 5000) });
    if (chat === state.open) drawLog();
  },
  answer(event) {
    // The news may be quicker than the answer to our own request that tells the id.
    state.answered.add(event.callback_query_id);
    state.waiting.get(event.callback_query_id)?.();
    state.waiting.delete(event.callback_query_id);
    if (!event.text || (event.person_id !== state.open && event.person_id !== state.speaker)) return;
    if (event.show_alert) dialog({ text: event.text, ok: state.words.close }); else toast(event.text);
  },
  commands: () => refreshBot(), about: () => refreshBot(),
  reset() { try { localStorage.clear(); } catch { /* nothing to forget */ } state.open = null; load(); },
};

async function refreshBot() {
  const fresh = await ask("state");
  Object.assign(state, { bot: fresh.bot, commands: fresh.commands, about: fresh.about });
  if (state.open !== null) { drawLog(); drawFoot(); }
}

function stopTyping(chat) {
  clearTimeout(state.typing.get(chat)?.timer);
  state.typing.delete(chat);
}

// First the news, then the state: so that nothing falls between the two.
function listen() {
  const source = new EventSource("/page/events");
  let early = null;
  source.onopen = async () => {
    $("banner").classList.remove("lost");
    $("banner").textContent = state.words.banner;
    early = [];
    await attempt(load());
    const held = early;
    early = null;
    held.forEach(tell);
  };
  source.onerror = () => { $("banner").classList.add("lost"); $("banner").textContent = state.words.offline; };
  source.onmessage = (message) => { const event = JSON.parse(message.data); if (early) early.push(event); else tell(event); };
}
const tell = (event) => onNews[event.kind]?.(event);

// --- left: who there is ---------------------------------------------------------------------------

function drawSide() {
  const entry = (chat, note) => {
    const last = messagesOf(chat.id).at(-1);
    const count = chat.id === state.open ? 0 : unread(chat.id);
    const avatar = el("span", { class: `avatar${isGroup(chat.id) ? " group" : ""}` });
    paintAvatar(avatar, chat.id, nameOf(chat));
    return el("button", { type: "button", class: `entry${chat.id === state.open ? " open" : ""}`, "data-chat": chat.id, onclick: () => open(chat.id) },
      avatar,
      el("span", { class: "entry-text" },
        el("span", { class: "entry-top" }, el("b", { text: nameOf(chat) }), el("i", { text: roleOf(chat) }), el("time", { text: last ? shortTime(last.data.date) : "" })),
        el("span", { class: "entry-bottom" }, el("span", { text: note ?? (last ? preview(last) : state.words.no_chat) }), count ? el("em", { text: count > 99 ? "99+" : count }) : null)));
  };
  const people = [...state.people.values()].slice(0, 200).map((person) =>
    entry(person, person.deactivated ? state.words.deactivated : person.blocked ? state.words.blocked : undefined));
  const groups = [...state.groups.values()].map((group) => entry(group));
  $("chats").replaceChildren(
    el("h2", { text: state.words.people }), ...people,
    ...(groups.length ? [el("h2", { text: state.words.groups }), ...groups] : []));
}

async function addPerson() {
  const values = await dialog({
    title: state.words.add_title, ok: state.words.add_ok, cancel: state.words.cancel,
    fields: [["name", state.words.add_name, true], ["role", state.words.add_role, false]],
  });
  if (!values) return;
  const person = await attempt(act("create_person", { first_name: values.name.trim(), role: values.role.trim() }));
  if (person) { state.people.set(person.id, person); open(person.id); }
}

// --- right: the open chat -------------------------------------------------------------------------

async function open(id) {
  if (state.open !== null) state.drafts.set(state.open, $("text").value);
  state.open = id;
  state.replying = state.editing = null;
  state.topic = 0;
  if (isGroup(id)) {
    const inside = Object.entries(find(id).members).filter(([, status]) => !["left", "kicked"].includes(status));
    state.speaker = Number(inside[0]?.[0] ?? 0);
  } else state.speaker = id;
  await attempt(loadMessages(id));
  $("text").value = state.drafts.get(id) ?? "";
  document.body.classList.add("in-chat");
  setRead(id);
  drawChat();
  drawSide();
  if (state.invitation && !isGroup(id)) {
    const payload = state.invitation;
    state.invitation = null;
    await attempt(act("start", { person_id: id, payload }));
  }
  if (matchMedia("(hover: hover)").matches) $("text").focus();
}

function close() {
  state.open = null;
  document.body.classList.remove("in-chat");
  $("chat").hidden = true;
  $("welcome").hidden = false;
  drawSide();
}

function drawChat() {
  $("chat").hidden = false;
  $("welcome").hidden = true;
  drawHead();
  drawTopics();
  drawLog(true);
  drawFoot();
}

function drawHead() {
  const chat = find(state.open);
  paintAvatar($("head-avatar"), chat.id, nameOf(chat));
  $("head-avatar").classList.toggle("group", isGroup(chat.id));
  $("head-name").textContent = nameOf(chat) + roleOf(chat);
  if (isGroup(chat.id)) {
    const count = Object.values(chat.members).filter((status) => !["left", "kicked"].includes(status)).length;
    $("head-note").textContent = `${chat.is_forum ? `${state.words.forum} · ` : ""}${count + 1} ${state.words.members}`;
    $("head-tools").replaceChildren(speakerSelect(chat));
    return;
  }
  $("head-note").textContent = chat.deactivated ? state.words.deactivated : chat.blocked ? state.words.blocked : state.words.private;
  const verb = chat.blocked ? "unblock" : "block";
  $("head-tools").replaceChildren(chat.deactivated || !chat.started ? "" : el("button", {
    type: "button", class: "quiet", id: "block", text: state.words[verb],
    onclick: () => attempt(act(verb, { person_id: chat.id })),
  }));
}

function speakerSelect(group) {
  const options = [...state.people.values()].map((person) => {
    const inside = !["left", "kicked", undefined].includes(group.members[person.id]);
    return el("option", { value: person.id, selected: person.id === state.speaker, text: `${nameOf(person)}${inside ? "" : " ＋"}` });
  });
  return el("label", { class: "speaker" }, el("span", { text: state.words.speak_as }), el("select", {
    onchange: async (event) => {
      const id = Number(event.target.value);
      const status = group.members[id];
      if (!status || ["left", "kicked"].includes(status)) await attempt(act("join", { person_id: id, chat_id: group.id }));
      state.speaker = id;
      drawLog(true);
    },
  }, ...options));
}

function drawTopics() {
  const chat = find(state.open);
  const topics = Object.values(chat.topics ?? {}).filter((topic) => !topic.deleted);
  $("topics").hidden = !chat.is_forum || !topics.length;
  const chip = (id, name) => el("button", {
    type: "button", class: `chip${state.topic === id ? " on" : ""}`, text: name,
    onclick: () => { state.topic = id; drawTopics(); drawLog(true); },
  });
  $("topics").replaceChildren(chip(0, state.words.all_topics), ...topics.map((topic) =>
    chip(topic.id, topic.closed ? `${topic.name} · ${state.words.topic_closed}` : topic.name)));
}

function shown() {
  const all = messagesOf(state.open);
  return state.topic ? all.filter((view) => view.data.message_thread_id === state.topic) : all;
}

function drawLog(jump = false) {
  if (state.open === null) return;
  const log = $("log");
  const atEnd = jump || log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  const nodes = [];
  let lastDay = "";
  let lastSender = null;
  const views = shown();
  for (let index = 0; index < views.length; index += 1) {
    const view = views[index];
    if (dayKey(view.data.date) !== lastDay) {
      lastDay = dayKey(view.data.date);
      nodes.push(el("div", { class: "service day" }, el("span", { text: day(view.data.date) })));
      lastSender = null;
    }
    const album = albumFrom(views, index);
    if (album) index += album.length - 1;
    const node = bubble(view, { ...placing(view, lastSender), album }, deeds);
    if (lastSender === view.data.from.id) node.classList.add("follow");
    lastSender = view.data.from.id;
    nodes.push(node);
  }
  if (!views.length) nodes.push(emptyCard());
  const typing = state.typing.get(state.open);
  if (typing && (!state.topic || typing.thread === state.topic)) nodes.push(typingNode(typing));
  log.replaceChildren(...nodes);
  for (const image of log.querySelectorAll("img")) image.addEventListener("load", () => { if (atEnd) log.scrollTop = log.scrollHeight; }, { once: true });
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function albumFrom(views, index) {
  const id = views[index].data.media_group_id;
  if (!id || !views[index].data.photo) return null;
  const rest = views.slice(index);
  const stop = rest.findIndex((view) => view.data.media_group_id !== id || view.deleted);
  const album = stop < 0 ? rest : rest.slice(0, stop);
  return album.length > 1 ? album : null;
}

function placing(view, lastSender) {
  const group = isGroup(state.open);
  const sender = view.data.from;
  const topics = find(state.open).topics ?? {};
  const topic = group && !state.topic ? topics[view.data.message_thread_id] : null;
  return {
    mine: sender.id === state.speaker,
    sender: group && sender.id !== state.speaker && sender.id !== lastSender ? sender.first_name : null,
    topic: topic && !view.data.forum_topic_created ? topic.name : null,
  };
}

function emptyCard() {
  if (isGroup(state.open)) return el("div", { class: "empty", text: state.words.empty_group });
  const about = state.about["description|"] || state.words.empty_hint;
  return el("div", { class: "empty" }, el("b", { text: state.words.empty_title }), el("p", { text: about }));
}

function typingNode({ action }) {
  const text = action.startsWith("upload") ? state.words.uploading : state.words.typing;
  return el("div", { class: "message theirs typing" }, el("div", { class: "line" },
    el("div", { class: "bubble" }, el("span", { class: "dots" }, el("i"), el("i"), el("i")), el("small", { text }))));
}

// --- the foot: input, start button, reply keyboard -----------------------------------------------

function openKeyboard() {
  if (isGroup(state.open)) return null;
  for (const view of messagesOf(state.open).reverse()) {
    if (view.deleted || !view.keyboard) continue;
    if (view.keyboard.keyboard) return view.keyboard;
    if (view.keyboard.remove_keyboard) return null;
  }
  return null;
}

function botCommands() {
  const wanted = isGroup(state.open) ? ["all_group_chats", "default"] : ["all_private_chats", "default"];
  for (const type of wanted) {
    for (const language of ["", "zh"]) {
      const key = Object.keys(state.commands).find((name) => {
        const [scope, code] = name.split("|");
        return JSON.parse(scope).type === type && code === language;
      });
      if (key && state.commands[key].length) return state.commands[key];
    }
  }
  return [];
}

function drawFoot() {
  const chat = find(state.open);
  const fresh = !isGroup(chat.id) && !chat.started;
  const closed = fresh || chat.blocked || chat.deactivated;
  $("form").hidden = closed;
  $("start").hidden = !closed || chat.deactivated;
  $("start").textContent = chat.blocked ? state.words.restart : state.words.start;
  $("menu").hidden = !botCommands().length;
  $("text").placeholder = state.words.placeholder;
  drawReply();
  const keyboard = closed ? null : openKeyboard();
  $("keys-toggle").hidden = !keyboard;
  $("keys").hidden = !keyboard || state.keysHidden.has(chat.id);
  $("keys").replaceChildren(...(keyboard?.keyboard ?? []).map((row) => el("div", { class: "row" },
    ...row.map((key) => el("button", { type: "button", class: "key", text: key.text, onclick: () => pressKey(key, keyboard) })))));
  if (keyboard?.input_field_placeholder) $("text").placeholder = keyboard.input_field_placeholder;
  fit();
}

function drawReply() {
  const view = state.editing ?? state.replying;
  $("reply").hidden = !view;
  if (!view) return;
  $("reply").replaceChildren(
    el("span", {}, el("b", { text: state.editing ? state.words.editing : state.words.replying }), el("small", { text: preview(view) })),
    el("button", { type: "button", class: "icon", "aria-label": state.words.cancel, onclick: () => { if (state.editing) $("text").value = ""; state.editing = state.replying = null; drawReply(); fit(); } }, icon("close")));
}

const where = () => ({
  person_id: state.speaker,
  ...(isGroup(state.open) ? { chat_id: state.open, thread_id: state.topic } : {}),
});

async function submit(event) {
  event?.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  fit();
  const { editing, replying } = state;
  state.editing = state.replying = null;
  drawReply();
  const sent = await attempt(editing
    ? act("edit", { person_id: state.speaker, message_id: editing.message_id, text, ...(isGroup(state.open) ? { chat_id: state.open } : {}) })
    : act("say", { ...where(), text, ...(replying ? { reply_to: replying.message_id } : {}) }));
  if (!sent) { $("text").value = text; fit(); }
  scrollDown();
}

async function say(text) { await attempt(act("say", { ...where(), text })); scrollDown(); }

async function pressKey(key, keyboard) {
  if (key.request_contact) {
    if (!await dialog({ text: state.words.share_contact, ok: state.words.share, cancel: state.words.cancel })) return;
    await attempt(act("send_contact", { person_id: state.speaker }));
  } else if (key.request_location) await attempt(act("send_location", { person_id: state.speaker }));
  else await say(key.text);
  if (keyboard.one_time_keyboard) { state.keysHidden.add(state.open); drawFoot(); }
}

async function upload(files, asPhotos) {
  if (!files.length || state.open === null) return;
  const form = new FormData();
  for (const [name, value] of Object.entries(where())) if (value) form.append(name, value);
  const caption = $("text").value.trim();
  if (caption) form.append("caption", caption);
  $("text").value = "";
  if (asPhotos) for (const file of [...files].slice(0, 10)) form.append("photos", file);
  else { form.append("content", files[0]); form.append("file_name", files[0].name); form.append("mime", files[0].type); }
  await attempt(ask(`do/${asPhotos ? "send_album" : "send_document"}`, { method: "POST", body: form }));
  scrollDown();
}

function scrollDown() { $("log").scrollTop = $("log").scrollHeight; }
function fit() {
  const box = $("text");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 150)}px`;
}

// --- what can be done to a message -----------------------------------------------------------------

const deeds = {
  async press(view, button, node) {
    if (button.url) return openLink(button.url);
    if (button.copy_text) return copy(button.copy_text.text);
    if (!button.callback_data) return toast(state.words.other);
    node.classList.add("busy");
    const done = () => node.classList.remove("busy");
    const id = await attempt(act("press", {
      person_id: state.speaker, message_id: view.message_id, data: button.callback_data,
      ...(isGroup(state.open) ? { chat_id: state.open } : {}),
    }));
    if (!id || state.answered.has(id)) return done();
    state.waiting.set(id, done);
    setTimeout(() => { if (state.waiting.delete(id)) done(); }, 10000);
    return null;
  },
  open: openLink,
  copy,
  command: (text) => say(text),
  zoom: (src) => dialog({ image: src, ok: state.words.close }),
  jump(id) {
    const node = $("log").querySelector(`[data-id="${CSS.escape(String(id))}"]`);
    node?.scrollIntoView({ block: "center", behavior: "smooth" });
    node?.classList.add("flash");
    setTimeout(() => node?.classList.remove("flash"), 1200);
  },
  more(view, event) {
    const mine = view.data.from.id === state.speaker;
    const at = isGroup(state.open) ? { chat_id: state.open } : {};
    popup(event, [
      [state.words.reply, () => { state.replying = view; state.editing = null; drawReply(); $("text").focus(); }],
      mine && view.data.text ? [state.words.edit, () => { state.editing = view; state.replying = null; $("text").value = view.data.text; drawReply(); fit(); $("text").focus(); }] : null,
      mine || !isGroup(state.open) ? [state.words.delete, () => attempt(act("delete", { person_id: state.speaker, message_id: view.message_id, ...at }))] : null,
    ]);
  },
};

async function openLink(url) {
  const target = safeUrl(url);
  if (!target) return;
  const deep = new URL(target);
  if (deep.hostname === "t.me" && deep.pathname === `/${state.bot.username}` && !isGroup(state.open)) {
    await attempt(act("start", { person_id: state.speaker, payload: deep.searchParams.get("start") ?? "" }));
    return;
  }
  if (await dialog({ title: state.words.open_link, text: target, ok: state.words.open, cancel: state.words.cancel })) window.open(target, "_blank", "noopener,noreferrer");
}

async function copy(text) {
  try { await navigator.clipboard.writeText(text); toast(state.words.copied); } catch { dialog({ text, ok: state.words.close }); }
}

// --- small windows ------------------------------------------------------------------------------------

let toastTimer;
function toast(text, bad = false) {
  const node = $("toast");
  node.textContent = text;
  node.classList.toggle("bad", bad);
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 3500);
}

function dialog({ title, text, image, fields = [], ok, cancel }) {
  const box = $("dialog");
  return new Promise((resolve) => {
    const inputs = fields.map(([name, label, required]) => el("label", {}, el("span", { text: label }), el("input", { name, required, maxlength: 60, autocomplete: "off" })));
    const form = el("form", { method: "dialog", class: image ? "wide-image" : "" },
      title ? el("h3", { text: title }) : null, text ? el("p", { text }) : null,
      image ? el("img", { src: image, alt: "" }) : null, ...inputs,
      el("div", { class: "choices" },
        cancel ? el("button", { type: "button", class: "quiet", text: cancel, onclick: () => { box.close(""); } }) : null,
        el("button", { type: "submit", class: "strong", text: ok, value: "ok" })));
    box.replaceChildren(form);
    box.onclose = () => resolve(box.returnValue === "ok" ? Object.fromEntries(new FormData(form)) : null);
    box.returnValue = "";
    box.showModal();
  });
}

function popup(event, entries) {
  const box = $("popup");
  box.replaceChildren(...entries.filter(Boolean).map(([label, run]) => el("button", { type: "button", text: label, onclick: () => { box.hidden = true; run(); } })));
  box.hidden = false;
  const spot = event.currentTarget.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  box.style.left = `${Math.max(8, Math.min(spot.left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, spot.bottom + height + 8 > innerHeight ? spot.top - height : spot.bottom)}px`;
  event.stopPropagation();
}

// --- beginning ------------------------------------------------------------------------------------------

function wire() {
  const w = state.words;
  $("banner").textContent = w.banner;
  $("add").textContent = w.add_person;
  $("welcome-1").textContent = w.pick;
  $("welcome-2").textContent = w.pick_hint;
  for (const [id, label] of [["back", w.back], ["menu", w.menu], ["photo", w.attach_photo], ["file", w.attach_file], ["keys-toggle", w.keyboard], ["send", w.send]]) {
    $(id).setAttribute("aria-label", label);
    $(id).title = label;
  }
  $("text").setAttribute("aria-label", w.placeholder);
  $("add").onclick = addPerson;
  $("back").onclick = close;
  $("form").onsubmit = submit;
  $("start").onclick = () => attempt(act("start", { person_id: state.open }));
  $("text").oninput = fit;
  $("text").onkeydown = (event) => {
    // During Chinese input Enter picks a word; only afterwards does it send.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) submit(event);
  };
  $("text").onpaste = (event) => {
    const images = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
    if (images.length) { event.preventDefault(); upload(images, true); }
  };
  $("photo").onclick = () => $("pick-photo").click();
  $("file").onclick = () => $("pick-file").click();
  for (const [id, asPhotos] of [["pick-photo", true], ["pick-file", false]]) {
    $(id).onchange = (event) => { upload(event.target.files, asPhotos); event.target.value = ""; };
  }
  $("keys-toggle").onclick = () => { if (!state.keysHidden.delete(state.open)) state.keysHidden.add(state.open); drawFoot(); };
  $("menu").onclick = (event) => popup(event, botCommands().map(({ command, description }) => [`/${command}  ${description}`, () => say(`/${command}`)]));
  document.addEventListener("click", () => { $("popup").hidden = true; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") $("popup").hidden = true; });
  window.addEventListener("focus", () => { if (state.open !== null) { setRead(state.open); drawSide(); } });
}

// An invitation link (…/?start=PAYLOAD) is opened by whoever is chosen next.
function takeInvitation() {
  state.invitation = new URLSearchParams(location.search).get("start");
  if (!state.invitation) return;
  history.replaceState(null, "", "/");
  $("welcome-1").textContent = state.words.invitation;
  toast(state.words.invitation);
}

state.words = await (await fetch("/static/words.zh.json")).json();
useWords(state.words);
wire();
takeInvitation();
listen();
