import { expect } from 'chai';
import type { Knex } from 'knex';
import { createApp } from '../src/app.ts';
import { accepted, correct, handOver, request } from './support/api.ts';
import { isolation } from './support/isolation.ts';

describe('an invoice that is reviewed while it is read', () => {
  for (const path of ['/api/v1/invoices/A', '/api/hitl/invoice/A']) {
    it(`is shown as it was at one moment (${path})`, async () => {
      await handOver({ id: 'A', vendor_name: 'before', line_items: [{ line_number: 1, description: 'before' }] });
      const { db } = isolation.current();
      const review = () =>
        accepted({
          ...{ invoice_id: 'A', expected_review_version: 0, field_validations: [correct('vendor_name', 'after')] },
          line_item_validations: [{ line_number: 1, validated: true, corrections: { description: 'after' } }],
        });

      const { body } = await request(createApp(writingBeforeSecondRead(db, review)))
        .get(path)
        .expect(200);
      const vendor = body.vendor_name ?? body.fields.vendor_name.value;
      expect([vendor, body.line_items[0].description, body.review_version]).to.deep.equal(['after', 'after', 1]);
    });
  }
});

/** A database handle on which something is written before its second read is sent. */
function writingBeforeSecondRead(db: Knex, write: () => Promise<unknown>): Knex {
  let reads = 0;
  return new Proxy(db, {
    apply(target, self, parameters) {
      const query = Reflect.apply(target, self, parameters);
      reads += 1;
      if (reads === 2) {
        const send = query.then;
        // biome-ignore lint/suspicious/noThenProperty: a query is sent when somebody waits for it
        query.then = (...handlers: unknown[]) => write().then(() => send.apply(query, handlers));
      }
      return query;
    },
  });
}
