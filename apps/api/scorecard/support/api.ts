import type { HttpClient } from './http-client.ts';

/** A review as it is sent. */
export function validation(invoice_id: string, expected_review_version: number, rest: object = {}): object {
  return { invoice_id, expected_review_version, ...rest };
}

/** One entry of `field_validations` that corrects a field. */
export function correct(field_name: string, corrected_value: unknown): object {
  return { field_name, value: null, confidence: 0.8, validated: true, corrected_value };
}

/** How many entries an invoice's history has. */
export async function countHistory(client: HttpClient, origin: string, id: string): Promise<number> {
  const { json } = await client.get(origin, `/api/hitl/invoice/${id}/history`);
  return json.length;
}
