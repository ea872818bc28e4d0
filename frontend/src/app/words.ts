// Numbers, times and sizes in the words of the window; every number with its unit.

/** "today 11:31", "yesterday 09:12", "19 Nov", "31 Jul 2019"; "" where it is not known. */
export function when(time_s: number, now: Date = new Date()): string {
  if (!time_s) return "";
  const then = new Date(time_s * 1000);
  const days = Math.round((new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime() - new Date(then.getFullYear(), then.getMonth(), then.getDate()).getTime()) / 86400e3);
  if (days === 0) return `today ${clock(then)}`;
  if (days === 1) return `yesterday ${clock(then)}`;
  const date = `${then.getDate()} ${then.toLocaleString("en-GB", { month: "short" })}`;
  return then.getFullYear() === now.getFullYear() ? date : `${date} ${then.getFullYear()}`;
}

/** "09:05". */
export function clock(time: Date): string {
  return `${String(time.getHours()).padStart(2, "0")}:${String(time.getMinutes()).padStart(2, "0")}`;
}

/** A span for people, never finer than it is worth: "under a min", "9 min", "about 20 min", "2 h 5 min", "3 days". */
export function span(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return "under a min";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

/** 2,184. */
export function whole(count: number): string {
  return Math.floor(count).toLocaleString("en-GB");
}

/** A key number cut for narrow places: "121,903 particles" is "122 k", "30 movies" is "30", "3.2 Å" stays. */
export function shortKey(key: string): string {
  const found = /^([\d,]+) (\w+)$/.exec(key);
  if (!found) return key;
  const count = Number(found[1]!.replaceAll(",", ""));
  if (count < 10000) return found[2] === "classes" && count < 1000 ? key : found[1]!;
  return count < 1e6 ? `${Math.round(count / 1000)} k` : `${(count / 1e6).toFixed(1)} M`;
}

/** GB of 10^9 bytes as people read it: "412 GB", "1.8 TB", "640 MB". */
export function size(gigabytes: number): string {
  if (gigabytes >= 1000) return `${(gigabytes / 1000).toFixed(1)} TB`;
  if (gigabytes >= 10) return `${Math.round(gigabytes)} GB`;
  return gigabytes >= 1 ? `${gigabytes.toFixed(1)} GB` : `${Math.round(gigabytes * 1000)} MB`;
}

/** A share from 0 to 1 as "41%". */
export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** A long name cut in the middle, as paths are. */
export function middle(text: string, most = 40): string {
  if (text.length <= most) return text;
  const tail = Math.ceil((most - 1) * 0.6);
  return `${text.slice(0, most - 1 - tail)}…${text.slice(-tail)}`;
}
