/*
 * Elements out of the trees and parts that the server made of a message.
 * Text goes in as text, never as markup, so whatever a message contains is shown to the letter.
 */

import { formatted } from "./dates.js";

/** An element with a class and children; strings become text. */
export function element(tag, className = "", ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The parts of a message, its attachments last. */
export function body(message) {
  const attachments = message.attachments.map((attachment) => {
    const made = element("div", "attachment", ...attachment.parts.map(part));
    made.style.setProperty("--bar", barColor(attachment.color));
    return made;
  });
  return element("div", "body", ...message.parts.map(part), ...attachments);
}

/** Renew what is relative to now, such as "2 minutes ago". */
export function refreshDates(root) {
  for (const made of root.querySelectorAll("time[data-format]")) {
    made.textContent = formatted(Number(made.dataset.moment), made.dataset.format);
  }
}

function part(given) {
  switch (given.kind) {
    case "header":
      return element("h3", "header", ...given.nodes.map(node));
    case "divider":
      return element("hr");
    case "context":
      return element("div", "context", ...given.cells.map((cell) => element("span", "", ...cell.map(node))));
    case "actions":
      return element("div", "actions", ...given.nodes.map(node));
    case "section":
      return section(given);
    default:
      return element("div", "text", ...given.nodes.map(node));
  }
}

function section(given) {
  const isAside = (one) => one.tag === "button" || one.tag === "image";
  const words = given.nodes.filter((one) => !isAside(one)).map(node);
  const asides = given.nodes.filter(isAside).map(node);
  const cells = given.cells.map((cell) => element("div", "cell", ...cell.map(node)));
  const main = element(
    "div",
    "main",
    words.length ? element("div", "text", ...words) : null,
    cells.length ? element("div", "fields", ...cells) : null,
  );
  return element("div", "section", main, ...asides);
}

function node(given) {
  const children = given.children.map(node);
  switch (given.tag) {
    case "bold":
      return element("b", "", ...children);
    case "italic":
      return element("i", "", ...children);
    case "strike":
      return element("s", "", ...children);
    case "code":
      return element("code", "", given.text);
    case "pre":
      return element("pre", "", given.text);
    case "quote":
      return element("blockquote", "", ...children);
    case "list":
      return element(given.format === "ordered" ? "ol" : "ul", "", ...children);
    case "item":
      return element("li", "", ...children);
    case "mention":
      return element("span", "mention", given.text);
    case "link":
      return link(given.url, "", children);
    case "button":
      return link(given.url, `button ${given.format}`, [given.text]);
    case "image":
      return element("span", "image", link(given.url, "", [`🖼 ${given.text}`]));
    case "date":
      return date(given);
    default:
      return document.createTextNode(given.text);
  }
}

function date(given) {
  const made = element("time", "", formatted(given.moment, given.format) || given.text);
  const moment = new Date(given.moment * 1000);
  made.dataset.moment = given.moment;
  made.dataset.format = given.format;
  made.title = moment.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
  return given.url ? link(given.url, "", [made]) : made;
}

/** A link to the web opens beside; anything else is no link at all. */
function link(url, className, children) {
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return element("span", className, ...children);
  const made = element("a", className, ...children);
  made.href = url;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

function barColor(color) {
  const known = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };
  return known[color] ?? (/^#?[0-9a-f]{3,8}$/i.test(color) ? `#${color.replace("#", "")}` : "");
}
