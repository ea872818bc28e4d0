// Which settings of a tab are shown first: the usual ones, those that were changed or are wrong, and those that a switch calls up.
import type { Schema } from "../../api/client";

type Field = Pick<Schema<"FormField">, "name" | "usual" | "when" | "default" | "required" | "label">;

export function isYes(value: string | undefined): boolean {
  return /^(yes|true|1)$/i.test((value ?? "").trim());
}

/** Whether a setting's switch is on, and that switch's own. */
export function matters(field: Pick<Field, "when">, values: Record<string, string>, fields: ReadonlyMap<string, Field>): boolean {
  const by = field.when ? fields.get(field.when) : undefined;
  if (!field.when) return true;
  return isYes(values[field.when]) && (by ? matters(by, values, fields) : true);
}

/** Why a setting is grey; empty where it is not. */
export function whyGrey(field: Pick<Field, "when">, values: Record<string, string>, fields: ReadonlyMap<string, Field>): string {
  if (matters(field, values, fields)) return "";
  const by = fields.get(field.when ?? "");
  return `needs “${by?.label ?? field.when}”`;
}

/** Whether a setting is shown before all settings are asked for. */
export function isFirst(field: Field, values: Record<string, string>, fields: ReadonlyMap<string, Field>, faulty: (name: string) => boolean): boolean {
  if (faulty(field.name)) return true;
  const by = field.when ? fields.get(field.when) : undefined;
  if (by) return matters(field, values, fields) && (field.usual || isFirst(by, values, fields, faulty));
  return Boolean(field.usual) || (!field.required && values[field.name] !== undefined && values[field.name] !== field.default);
}
