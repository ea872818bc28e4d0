// Words about the value of a setting: its limits, and that it lies outside the usual range.
import type { Schema } from "../api/client";

type Limits = Pick<Schema<"FormField">, "kind" | "unit" | "low" | "high" | "minimum" | "maximum">;

/** The limits of a setting in words; empty without any. */
export function limitsOf(field: Limits): string {
  const unit = field.unit ? ` ${field.unit}` : "";
  const said: string[] = [];
  if (field.low != null && field.high != null) said.push(`usually ${field.low} to ${field.high}${unit}`);
  if (field.minimum != null && field.maximum != null) said.push(`must be ${field.minimum} to ${field.maximum}${unit}`);
  else if (field.minimum != null) said.push(`must be ${field.minimum}${unit} or more`);
  else if (field.maximum != null) said.push(`must be ${field.maximum}${unit} or less`);
  return said.join("; ");
}

/** A warning for a number outside the range that a slider shows; it may be used all the same. */
export function beyond(field: Limits, value: string): string | undefined {
  if (field.kind !== "int" && field.kind !== "float") return undefined;
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number) || number === -1) return undefined;
  const unit = field.unit ? ` ${field.unit}` : "";
  if (field.high != null && number > field.high) return `above the usual ${field.high}${unit}; it is taken as it stands`;
  if (field.low != null && number < field.low) return `below the usual ${field.low}${unit}; it is taken as it stands`;
  return undefined;
}
