/*
 * The live page: takes the stream of the workspace and keeps one channel, and perhaps one thread, on show.
 * All state is in `state`; every event changes it and then redraws what it touched.
 */

import { clock, day, relativeDay } from "./dates.js";
import { body, element, refreshDates } from "./nodes.js";

const state = {
  channels: [],
  /** Messages by "channel ts", in the order of their posting. */
  messages: new Map(),
  /** Names of channels with something new in them. */
  unread: new Set(),
  channel: null,
  thread: null,
};
const at = (id) => document.getElementById(id);
const key = (message) => `${message.channel} ${message.ts}`;

connect();
at("menu").addEventListener("click", () => showSidebar(!document.body.classList.contains("menu-open")));
at("close").addEventListener("click", () => openThread(null));
addEventListener("popstate", route);
addEventListener("keydown", (event) => event.key === "Escape" && openThread(null));
setInterval(() => refreshDates(document), 10_000);

function connect() {
  const stream = new EventSource("/sandbox/stream");
  stream.addEventListener("snapshot", (event) => takeSnapshot(JSON.parse(event.data)));
  stream.addEventListener("channels", (event) => takeChannels(JSON.parse(event.data)));
  stream.addEventListener("message", (event) => takeMessage(JSON.parse(event.data)));
  stream.addEventListener("open", () => showLive("live"));
  stream.addEventListener("error", () => showLive("reconnecting"));
}

function showLive(word) {
  at("live").textContent = word;
  at("live").dataset.state = word;
}

function takeSnapshot(snapshot) {
  state.channels = snapshot.channels;
  state.messages = new Map(snapshot.messages.map((message) => [key(message), message]));
  at("team").textContent = snapshot.workspace;
  route();
}

function takeChannels(channels) {
  state.channels = channels;
  if (!current()) route();
  drawChannels();
  drawTitle();
}

function takeMessage(message) {
  const isNew = !state.messages.has(key(message));
  state.messages.set(key(message), message);
  if (message.channel !== state.channel) {
    if (isNew && standsInChannel(message)) state.unread.add(message.channel);
    drawChannels();
    return;
  }
  redraw(at("messages"), channelItems(), message);
  if (state.thread) redraw(at("replies"), threadItems(), message);
}

/* Where we are: /channels/<name>, or /archives/<id>/p<ts without the dot> as permalinks have it. */

function route() {
  const [, kind, where, what] = location.pathname.split("/").map(decodeURIComponent);
  const found = state.channels.find((channel) => [channel.id, channel.name].includes(where));
  openChannel((found ?? state.channels[0])?.id ?? null);
  if (kind === "archives" && what) openMessage(what);
}

function openMessage(permalink) {
  const ts = permalink.replace(/^p(\d+)(\d{6})$/, "$1.$2");
  const message = state.messages.get(`${state.channel} ${ts}`);
  if (!message) return;
  if (message.thread_ts) openThread(message.thread_ts);
  const shown = document.querySelector(`[data-ts="${ts}"]`);
  shown?.scrollIntoView({ block: "center" });
  flash(shown);
}

function openChannel(id) {
  state.channel = id;
  state.unread.delete(id);
  openThread(null);
  drawChannels();
  drawTitle();
  at("messages").replaceChildren();
  redraw(at("messages"), channelItems(), null);
  at("messages").scrollTop = at("messages").scrollHeight;
  showSidebar(false);
}

function openThread(ts) {
  state.thread = ts;
  at("thread").hidden = ts === null;
  at("replies").replaceChildren();
  if (ts) redraw(at("replies"), threadItems(), null);
}

function showSidebar(open) {
  document.body.classList.toggle("menu-open", open);
  at("menu").setAttribute("aria-expanded", String(open));
}

function current() {
  return state.channels.find((channel) => channel.id === state.channel);
}

/* What stands where. */

function standsInChannel(message) {
  return !message.thread_ts || message.broadcast;
}

function inChannel() {
  return [...state.messages.values()].filter((message) => message.channel === state.channel);
}

function living() {
  return inChannel().filter((message) => !message.deleted);
}

function repliesByRoot() {
  const threads = new Map();
  for (const message of living().filter((one) => one.thread_ts)) {
    threads.set(message.thread_ts, [...(threads.get(message.thread_ts) ?? []), message]);
  }
  return threads;
}

/** [identity, fingerprint, how to draw it]; a fingerprint that changes means drawing it again. */
function channelItems() {
  const items = [];
  const threads = repliesByRoot();
  let last = "";
  for (const message of inChannel().filter(standsInChannel)) {
    const replies = threads.get(message.ts) ?? [];
    if (message.deleted && !replies.length) continue;
    const today = day(new Date(message.at * 1000));
    if (today !== last) items.push([`day ${today}`, today, () => dayLine(today)]);
    last = today;
    const print = JSON.stringify([message, replies.length, rootOf(message)?.version]);
    items.push([message.ts, print, () => channelMessage(message, replies)]);
  }
  return items;
}

function threadItems() {
  const root = state.messages.get(`${state.channel} ${state.thread}`);
  if (!root) return [];
  const replies = living().filter((message) => message.thread_ts === root.ts);
  const line = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  return [
    [root.ts, JSON.stringify(root), () => drawn(root)],
    ["line", line, () => element("li", "day", element("span", "", line))],
    ...replies.map((reply) => [reply.ts, JSON.stringify(reply), () => drawn(reply, alsoInChannel(reply))]),
  ];
}

/* Drawing. */

/** Bring a list to what it should show, touching only what differs; the message that changed is lit up. */
function redraw(list, items, changed) {
  const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const known = new Map([...list.children].map((item) => [item.dataset.ts, item]));
  const wanted = items.map(([identity, print, draw]) => {
    const old = known.get(identity);
    if (old?.fingerprint === print) return old;
    const made = draw();
    made.dataset.ts = identity;
    made.fingerprint = print;
    return made;
  });
  list.replaceChildren(...wanted);
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
  if (changed) flash(wanted.find((item) => item.dataset.ts === changed.ts));
}

function flash(item) {
  item?.classList.remove("flash");
  requestAnimationFrame(() => item?.classList.add("flash"));
}

function drawChannels() {
  at("channels").replaceChildren(
    ...state.channels.map((channel) => {
      const sign = element("span", channel.private ? "sign lock" : "sign", channel.private ? "" : "#");
      const made = element("a", "", sign, element("span", "name", channel.name));
      made.href = `/channels/${encodeURIComponent(channel.name)}`;
      made.classList.toggle("current", channel.id === state.channel);
      made.classList.toggle("unread", state.unread.has(channel.id));
      made.addEventListener("click", (event) => {
        event.preventDefault();
        history.pushState(null, "", made.href);
        openChannel(channel.id);
      });
      return element("li", "", made);
    }),
  );
}

function drawTitle() {
  const channel = current();
  const name = channel ? `${channel.private ? "🔒 " : "# "}${channel.name}` : "No channel yet";
  at("title").textContent = name;
  at("thread-channel").textContent = channel ? `#${channel.name}` : "";
  at("composer").textContent = channel?.archived ? "This channel is archived." : `Message #${channel?.name ?? ""}`;
  document.title = `${name} · ${at("team").textContent}`;
}

function dayLine(name) {
  return element("li", "day", element("span", "", name));
}

function channelMessage(message, replies) {
  return drawn(message, repliedTo(message), replies.length ? threadBar(message, replies) : null);
}

function drawn(message, above = null, below = null) {
  const avatar = element("img", "avatar");
  avatar.src = message.app ? "/static/avatar.svg" : "/static/person.svg";
  avatar.alt = "";
  const content = message.deleted ? element("div", "body gone", "This message was deleted.") : body(message);
  if (message.edited && !message.deleted) lastLine(content).append(element("span", "edited", " (edited)"));
  return element("li", "message", avatar, element("div", "right", head(message), above, content, below));
}

/** Where "(edited)" goes: behind the last words, or below if the message ends with something else. */
function lastLine(content) {
  return content.lastElementChild?.matches(".text") ? content.lastElementChild : content;
}

function head(message) {
  const posted = new Date(message.at * 1000);
  const time = element("time", "when", clock(posted));
  time.dateTime = posted.toISOString();
  time.title = timeline(message, posted);
  return element(
    "div",
    "head",
    element("span", "author", message.author),
    message.app ? element("span", "badge", "APP") : null,
    time,
    message.rings.length ? bell(message.rings) : null,
  );
}

function timeline(message, posted) {
  const edits = message.version - 1;
  const changed = new Date(message.changed_at * 1000);
  const line = posted.toLocaleString([], { dateStyle: "full", timeStyle: "medium" });
  return edits ? `${line}\nEdited ${edits}×, last at ${changed.toLocaleTimeString()}` : line;
}

function bell(rings) {
  const names = rings.filter((one) => one !== "channel");
  const made = element("span", names.length ? "bell named" : "bell");
  made.title = names.length ? `Rings, and names ${names.join(", ")}` : "Rings in this channel; edits do not";
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", made.title);
  return made;
}

function rootOf(message) {
  return message.thread_ts ? state.messages.get(`${message.channel} ${message.thread_ts}`) : null;
}

function repliedTo(message) {
  const root = rootOf(message);
  if (!root) return null;
  const made = element("button", "plain", root.text || "a message");
  made.addEventListener("click", () => openThread(root.ts));
  return element("div", "aside", "replied to a thread: ", made);
}

function alsoInChannel(reply) {
  return reply.broadcast ? element("div", "aside", "also sent to the channel") : null;
}

function threadBar(root, replies) {
  const last = new Date(replies.at(-1).at * 1000);
  const near = relativeDay(last) ?? last.toLocaleDateString();
  const avatar = element("img", "");
  avatar.src = "/static/avatar.svg";
  avatar.alt = "";
  const made = element(
    "button",
    "thread-bar",
    avatar,
    element("b", "", `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    element("span", "", `Last reply ${near} at ${clock(last)}`),
  );
  made.addEventListener("click", () => openThread(root.ts));
  return made;
}
