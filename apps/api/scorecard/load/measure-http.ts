import autocannon from 'autocannon';
import { BULK_INVOICES, bulkId } from './bulk-ids.ts';
import type { HttpTask, Measured } from './messages.ts';
import { quantile } from './statistics.ts';

/** Goes on through all tasks, so that every review is of a version that no earlier one has made old. */
let reviews = 0;
let reads = 0;

/** Sends requests for a while with autocannon. */
export async function measureHttp(task: HttpTask): Promise<Measured> {
  const took: number[] = [];
  let failures = 0;
  const request = task.kind === 'review' ? nextReview : () => nextRead(task.path);
  const options = {
    url: task.origin,
    connections: task.connections,
    duration: task.seconds,
    requests: [{ setupRequest: (defaults: autocannon.Request) => ({ ...defaults, ...request() }) }],
  };
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(options, (error, finished) => (error ? reject(error) : resolve(finished)));
    instance.on('response', (_client, status, _bytes, milliseconds) => {
      took.push(milliseconds);
      failures += status === 200 ? 0 : 1;
    });
  });
  return {
    rate: took.length / result.duration,
    median: quantile(took, 0.5),
    p99: quantile(took, 0.99),
    failures: failures + result.errors + result.timeouts,
  };
}

function nextRead(path: string) {
  reads += 1;
  // Steps that reach every invoice, one far from the next.
  return { path: path.replace('{n}', bulkId((reads * 7919) % BULK_INVOICES)) };
}

/** Reviews the invoices in turn: the version is known, and no history gets long. */
function nextReview() {
  const invoice_id = bulkId(reviews % BULK_INVOICES);
  const expected_review_version = Math.floor(reviews / BULK_INVOICES);
  reviews += 1;
  const corrected_value = `Acme ${reviews} Ltd`;
  const field_validations = [
    { field_name: 'vendor_name', value: null, confidence: 0.9, validated: true, corrected_value },
    { field_name: 'total_amount', value: null, confidence: 0.9, validated: true },
  ];
  return {
    method: 'POST' as const,
    path: '/api/hitl/invoice/validate',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ invoice_id, expected_review_version, reviewer: 'ann', field_validations }),
  };
}
