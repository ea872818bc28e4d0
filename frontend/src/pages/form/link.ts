// A filled form as a link: what is not as a fresh form would have it stands in the address.
import { to } from "../../app/place";
import type { Filling } from "./filling";

/** The address of this form with its values. */
export function linkOf(filling: Pick<Filling, "form" | "values" | "fields">): string {
  const said: Record<string, string> = {};
  for (const [name, value] of Object.entries(filling.values)) {
    const field = filling.fields.get(name);
    if (!field || value === field.default) continue;
    said[`${field.kind === "slot" ? "in" : "v"}.${name}`] = value;
  }
  return to(`new/${filling.form.type}`, said);
}
