/*
 * Times in the reader's own zone and habit, as Slack's <!date> tokens ask for them.
 * https://docs.slack.dev/messaging/formatting-message-text#date-formatting
 */

const DAY = 24 * 60 * 60 * 1000;

/** The text of a date whose format has tokens such as `{date_short_pretty} {time}`. */
export function formatted(seconds, format, now = Date.now()) {
  const date = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, token) => {
    const pretty = token.endsWith("_pretty") ? relativeDay(date, now) : null;
    return pretty ?? written(date, token.replace("_pretty", ""), now) ?? whole;
  });
}

/** `today`, `yesterday` or `tomorrow`, else null. */
export function relativeDay(date, now = Date.now()) {
  const days = Math.round((midnight(date) - midnight(new Date(now))) / DAY);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? null;
}

/** The hour and minute. */
export function clock(date) {
  return date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

/** A day as the line between two days names it. */
export function day(date) {
  const near = relativeDay(date);
  if (near) return near[0].toUpperCase() + near.slice(1);
  return date.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function written(date, token, now) {
  switch (token) {
    case "date_num":
      return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
    case "date":
      return date.toLocaleDateString([], { dateStyle: "long" });
    case "date_short":
      return date.toLocaleDateString([], { month: "short", day: "numeric", year: "numeric" });
    case "date_long":
      return date.toLocaleDateString([], { dateStyle: "full" });
    case "time":
      return clock(date);
    case "time_secs":
      return date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" });
    case "ago":
      return ago((now - date.getTime()) / 1000);
    default:
      return null;
  }
}

function two(number) {
  return String(number).padStart(2, "0");
}

function ago(seconds) {
  const words = new Intl.RelativeTimeFormat([], { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 60) return words.format(-Math.round(seconds), "second");
  if (size < 3600) return words.format(-Math.round(seconds / 60), "minute");
  if (size < 86400) return words.format(-Math.round(seconds / 3600), "hour");
  return words.format(-Math.round(seconds / 86400), "day");
}
