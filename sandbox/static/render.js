// Turns messages into DOM nodes. Nothing a bot or a person wrote is ever parsed as HTML.

let words = {};
export const useWords = (loaded) => { words = loaded; };

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

const zone = { timeZone: "Asia/Shanghai" };
const clockFormat = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit", hour12: false });
const dayFormat = new Intl.DateTimeFormat("zh-CN", { ...zone, month: "long", day: "numeric", weekday: "short" });
const keyFormat = new Intl.DateTimeFormat("en-CA", zone);

export const clock = (seconds) => clockFormat.format(seconds * 1000);
export const dayKey = (seconds) => keyFormat.format(seconds * 1000);

export function day(seconds, now = Date.now() / 1000) {
  if (dayKey(seconds) === dayKey(now)) return words.today;
  if (dayKey(seconds) === dayKey(now - 86400)) return words.yesterday;
  return dayFormat.format(seconds * 1000);
}

export function shortTime(seconds) {
  const label = day(seconds);
  return label === words.today ? clock(seconds) : label.replace(/\s*[(（]?[周星].*$/u, "");
}

// Colours are given in the order in which chats appear; the golden angle keeps neighbours apart.
const order = new Map();
export function paintAvatar(node, id, name) {
  if (!order.has(id)) order.set(id, order.size);
  node.style.setProperty("--hue", Math.round((205 + order.get(id) * 137.508) % 360));
  node.textContent = [...name][0] ?? "?";
}

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

const BLOCKS = new Set(["PRE", "BLOCKQUOTE"]);

// Entities count in UTF-16, as JavaScript does; they nest, so split recursively.
export function richText(text, entities = [], act = {}) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  const walk = (from, to, list) => {
    const parts = [];
    let at = from;
    while (list.length) {
      const entity = list.shift();
      const start = Math.max(entity.offset, at);
      const end = Math.min(entity.offset + entity.length, to);
      if (end <= start) continue;
      if (start > at) parts.push(document.createTextNode(text.slice(at, start)));
      const inner = [];
      while (list.length && list[0].offset < end) inner.push(list.shift());
      const node = wrap(entity, walk(start, end, inner), text.slice(start, end), act);
      parts.push(node);
      // A quotation ends its own line; the line break behind it would show as an empty one.
      at = BLOCKS.has(node.tagName) && text[end] === "\n" ? Math.min(end + 1, to) : end;
    }
    if (at < to) parts.push(document.createTextNode(text.slice(at, to)));
    return parts;
  };
  return walk(0, text.length, sorted);
}

function wrap(entity, children, raw, act) {
  const { type } = entity;
  if (TAGS[type]) {
    const node = el(TAGS[type], {}, ...children);
    if (type === "code" || type === "pre") node.addEventListener("click", () => act.copy?.(raw));
    return node;
  }
  if (type === "url" || type === "text_link") return link(entity.url ?? raw, children, act);
  if (type === "bot_command") return anchor("#", raw, () => act.command?.(raw), children);
  if (type === "spoiler") return el("span", { class: "spoiler", onclick: (e) => e.currentTarget.classList.add("shown") }, ...children);
  if (["mention", "text_mention", "hashtag", "email", "cashtag", "phone_number"].includes(type)) return el("span", { class: "soft-link" }, ...children);
  return el("span", {}, ...children);
}

export function safeUrl(url) {
  const full = /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `https://${url}`;
  return /^(https?|tg|mailto|tel):/i.test(full) ? full : null;
}

// Real links, because buttons cannot break over lines; but what happens is our decision.
function anchor(href, title, run, children) {
  const onclick = (event) => { event.preventDefault(); run(); };
  return el("a", { href, title, class: "inline-link", rel: "noopener noreferrer", onclick }, ...children);
}

function link(url, children, act) {
  const target = safeUrl(url);
  return target ? anchor(target, target, () => act.open?.(url), children) : el("span", {}, ...children);
}

const size = (bytes = 0) => bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(0)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
const fileUrl = (id) => `/page/files/${encodeURIComponent(id)}`;

function card(symbol, title, note, href) {
  const attributes = href ? { class: "card", href, download: title, target: "_blank", rel: "noopener" } : { class: "card" };
  return el(href ? "a" : "div", attributes,
    el("span", { class: "card-icon" }, icon(symbol)),
    el("span", { class: "card-text" }, el("b", { text: title }), el("small", { text: note })));
}

export function photo(data, act) {
  const best = data.photo.at(-1);
  const image = el("img", {
    src: fileUrl(best.file_id), alt: data.caption ?? words.photo, loading: "lazy",
    width: best.width, height: best.height, class: "photo", tabindex: 0,
    onclick: () => act.zoom?.(fileUrl(best.file_id)),
  });
  return image;
}

function media(data, act) {
  if (data.photo) return photo(data, act);
  if (data.document) return card("file", data.document.file_name ?? words.document, size(data.document.file_size), fileUrl(data.document.file_id));
  if (data.voice) return card("mic", words.voice, `${data.voice.duration ?? 0}″`, fileUrl(data.voice.file_id));
  if (data.video) return card("file", words.video, `${data.video.duration ?? 0}″`, fileUrl(data.video.file_id));
  if (data.sticker) return el("span", { class: "sticker", text: data.sticker.emoji ?? words.sticker });
  if (data.location) return card("pin", words.location, `${data.location.latitude.toFixed(4)}, ${data.location.longitude.toFixed(4)}`);
  if (data.contact) return card("copy", `${data.contact.first_name} ${data.contact.last_name ?? ""}`.trim(), data.contact.phone_number);
  return null;
}

export function serviceText(data) {
  const who = data.from.first_name;
  if (data.forum_topic_created) return `${who}${words.service_topic_created}「${data.forum_topic_created.name}」`;
  if (data.forum_topic_closed) return `${who}${words.service_topic_closed}`;
  if (data.forum_topic_reopened) return `${who}${words.service_topic_reopened}`;
  if (data.forum_topic_edited) return `${words.service_topic_edited}「${data.forum_topic_edited.name ?? ""}」`;
  if (data.pinned_message) return `${who}${words.service_pinned}`;
  if (data.new_chat_members) return `${data.new_chat_members.map((user) => user.first_name).join("、")} ${words.service_joined}`;
  if (data.left_chat_member) return `${data.left_chat_member.first_name} ${words.service_left}`;
  if (data.migrate_to_chat_id || data.migrate_from_chat_id) return words.service_migrated;
  return null;
}

export function preview(view) {
  const { data } = view;
  if (view.deleted) return words.deleted;
  const text = data.text ?? data.caption;
  if (text) return text.replace(/\s+/g, " ");
  const kind = ["photo", "document", "voice", "video", "sticker", "location", "contact"].find((name) => data[name]);
  return kind ? `[${words[kind]}]` : serviceText(data) ?? words.other;
}

function keyboard(view, act) {
  const rows = view.data.reply_markup?.inline_keyboard;
  if (!rows || view.deleted) return null;
  return el("div", { class: "buttons" }, ...rows.map((row) => el("div", { class: "row" },
    ...row.map((button) => {
      const mark = button.url ? "link" : button.copy_text ? "copy" : null;
      const style = button.style ? ` ${button.style}` : "";
      const node = el("button", { type: "button", class: `key${style}`, onclick: () => act.press(view, button, node) },
        el("span", { text: button.text }), mark ? icon(mark) : null);
      return node;
    }))));
}

function meta(view) {
  const { data } = view;
  const older = view.versions.map((version) => version.text ?? version.caption ?? "").filter(Boolean);
  return el("span", { class: "meta" },
    data.has_protected_content ? el("span", { text: "🔒", title: words.protected }) : null,
    view.edited ? el("span", { text: words.edited, title: older.at(-1) }) : null,
    el("time", { text: clock(data.date), datetime: new Date(data.date * 1000).toISOString() }));
}

function quoted(data, act) {
  const replied = data.reply_to_message;
  if (!replied || replied.forum_topic_created) return null;
  return el("button", { type: "button", class: "quote", onclick: () => act.jump?.(replied.message_id) },
    el("b", { text: replied.from.first_name }),
    el("span", { text: preview({ data: replied }) }));
}

// options: mine (on the right), sender (name above), topic (label), album (further photos)
export function bubble(view, options, act) {
  const { data } = view;
  const service = serviceText(data);
  if (service) return el("div", { class: "service", "data-id": view.message_id }, el("span", { text: service }));
  const body = [
    options.sender ? el("span", { class: "sender", text: options.sender }) : null,
    options.topic ? el("span", { class: "topic-label", text: options.topic }) : null,
    data.forward_origin ? el("span", { class: "forwarded", text: `${words.forwarded} ${data.forward_origin.sender_user?.first_name ?? ""}` }) : null,
    quoted(data, act),
  ];
  if (view.deleted) body.push(el("div", { class: "text gone", title: preview({ ...view, deleted: false }) }, words.deleted, meta(view)));
  else body.push(...content(view, options, act));
  const inner = el("div", { class: `bubble${data.photo && !view.deleted ? " with-photo" : ""}` }, ...body);
  const more = view.deleted ? null
    : el("button", { type: "button", class: "more icon", "aria-label": words.menu, onclick: (event) => act.more?.(view, event) }, icon("more"));
  return el("div", { class: `message ${options.mine ? "mine" : "theirs"}${view.deleted ? " deleted" : ""}`, "data-id": view.message_id },
    el("div", { class: "line" }, el("div", { class: "stack" }, inner, keyboard(view, act)), more));
}

function content(view, options, act) {
  const { data } = view;
  const parts = [];
  if (options.album) parts.push(el("div", { class: `album n${Math.min(options.album.length, 4)}` }, ...options.album.map((item) => photo(item.data, act))));
  else if (media(data, act)) parts.push(media(data, act));
  const text = data.text ?? data.caption;
  const rich = text ? richText(text, data.entities ?? data.caption_entities, act) : [];
  parts.push(el("div", { class: "text" }, ...rich, meta(view)));
  return parts;
}
