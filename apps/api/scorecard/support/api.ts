import type { Call, HttpClient } from './http-client.ts';

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

const BOUNDARY = 'scorecard-boundary';

/** The upload of one PDF. */
export function fileUpload(bytes: Buffer, name: string): Call {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/pdf\r\n\r\n`;
  return {
    method: 'POST',
    path: '/api/ingestion/upload',
    headers: { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]),
  };
}

/** What is wrong with the audit chain; undefined when it is whole. */
export async function auditProblem(client: HttpClient, origin: string): Promise<string | undefined> {
  const { status, bytes, json } = await client.get(origin, '/api/v1/audit/verify');
  return status === 200 && json.valid === true
    ? undefined
    : `the audit does not verify: ${status} ${bytes.toString('utf8').slice(0, 160)}`;
}
