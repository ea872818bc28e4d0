// Words for sizes and times of a prediction.

/** Seconds for people, rough as a prediction is: "20 s", "about 4 min", "2 h". */
export function duration(s: number): string {
  if (s < 90) return `${s < 10 ? Math.max(1, Math.round(s)) : Math.round(s / 5) * 5} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${s < 36000 ? Math.round(s / 360) / 10 : Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

/** GB for people: "59.6 GB", "42 MB". */
export function inGB(size: number): string {
  if (size >= 100) return `${Math.round(size).toLocaleString("en")} GB`;
  if (size >= 1) return `${Math.round(size * 10) / 10} GB`;
  return size >= 0.001 ? `${Math.round(size * 1000)} MB` : "under 1 MB";
}
