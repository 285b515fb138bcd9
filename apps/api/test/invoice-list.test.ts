import { expect } from 'chai';
import { accepted, get, handOver, type Json } from './support/api.ts';

async function list(query = ''): Promise<Json> {
  const response = await get(`/api/hitl/invoices${query}`);
  expect(response.status, response.text).to.equal(200);
  return response.body;
}

async function ids(query = ''): Promise<string[]> {
  return (await list(query)).invoices.map((invoice: Json) => invoice.invoice_id);
}

describe('the list of invoices', () => {
  it('is empty when there are none', async () => {
    expect(await list()).to.deep.equal({ invoices: [], total: 0, returned: 0, skip: 0, limit: 50 });
  });

  it('shows the eleven values of an invoice, with real nulls', async () => {
    await handOver({ id: 'bare', upload_date: '2026-01-01T00:00:00Z', total_amount: '0.00' });
    await handOver({
      ...{ id: 'full', upload_date: '2026-01-02T00:00:00Z', invoice_number: 'N', vendor_name: 'V', currency: 'EUR' },
      ...{ total_amount: '12.30', invoice_date: '2026-01-01', extraction_confidence: '0.1234565' },
      line_items: [{ line_number: 4 }, { line_number: 9 }],
    });

    expect((await list()).invoices).to.deep.equal([
      {
        ...{ invoice_id: 'full', invoice_number: 'N', vendor_name: 'V', total_amount: '12.3', currency: 'EUR' },
        ...{ invoice_date: '2026-01-01', status: 'EXTRACTED', review_status: null, extraction_confidence: '0.123457' },
        ...{ upload_date: '2026-01-02T00:00:00.000Z', line_item_count: 2 },
      },
      {
        ...{ invoice_id: 'bare', invoice_number: null, vendor_name: null, total_amount: '0', currency: 'CAD' },
        ...{ invoice_date: null, status: 'EXTRACTED', review_status: null, extraction_confidence: '0' },
        ...{ upload_date: '2026-01-01T00:00:00.000Z', line_item_count: 0 },
      },
    ]);
  });

  it('puts the newest upload first, and ids by code unit where the moment is the same', async () => {
    for (const id of ['b', 'B', 'a-1', 'a.1', 'a_1', '10', '9', 'A']) {
      await handOver({ id, upload_date: '2026-01-01T00:00:00Z' });
    }
    await handOver({ id: 'newer', upload_date: '2026-01-01T00:00:00.001Z' });
    await handOver({ id: 'older', upload_date: '2026-01-01T00:00:00+00:01' });

    expect(await ids()).to.deep.equal(['newer', '10', '9', 'A', 'B', 'a-1', 'a.1', 'a_1', 'b', 'older']);
  });

  it('pages through all invoices, each once, and says how many there are', async () => {
    const all = Array.from({ length: 7 }, (_, index) => `i${index}`);
    for (const id of all) {
      await handOver({ id, upload_date: '2026-01-01T00:00:00Z' });
    }

    const first = await list('?limit=3');
    expect(first).to.include({ total: 7, returned: 3, skip: 0, limit: 3 });
    const last = await list('?limit=3&skip=6');
    expect(last).to.include({ total: 7, returned: 1, skip: 6, limit: 3 });
    expect(await list('?skip=1000000000&limit=200')).to.deep.equal({
      ...{ invoices: [], total: 7, returned: 0, skip: 1000000000, limit: 200 },
    });
    const pages = [await ids('?limit=3'), await ids('?limit=3&skip=3'), await ids('?limit=3&skip=6')];
    expect(pages.flat()).to.deep.equal(all);
  });

  it('filters by the exact status and counts what matches', async () => {
    await handOver({ id: 'extracted' });
    await handOver({ id: 'pending', processing_state: 'PENDING' });
    await handOver({ id: 'done' });
    await accepted({ invoice_id: 'done', expected_review_version: 0, overall_validation_status: 'validated' });

    expect(await ids('?status=VALIDATED')).to.deep.equal(['done']);
    expect(await ids('?status=processing')).to.deep.equal(['pending']);
    expect((await list('?status=EXTRACTED')).total).to.equal(1);
    expect((await list('?status=')).total).to.equal(3);
    for (const status of [
      'validated',
      'Validated',
      'VALIDATED%20',
      '%25',
      '_ALIDATED',
      '%00',
      'VALIDATED%00',
      '%F0%9F%A7%BE',
    ]) {
      expect(await list(`?status=${status}`), status).to.include({ total: 0, returned: 0 });
    }
  });

  it('ignores keys that it does not know', async () => {
    await handOver({ id: 'a' });

    expect(await ids('?color=red&LIMIT=0&limit[]=5&__proto__=1')).to.deep.equal(['a']);
  });

  for (const [name, value, type] of [
    ['limit', 'abc', 'int_parsing'],
    ['limit', '1.5', 'int_parsing'],
    ['limit', '', 'int_parsing'],
    ['limit', '0', 'greater_than_equal'],
    ['limit', '-1', 'greater_than_equal'],
    ['limit', '201', 'less_than_equal'],
    ['limit', '99999999999999999999', 'less_than_equal'],
    ['limit', '1e1', 'int_parsing'],
    ['limit', '0x10', 'int_parsing'],
    ['limit', '%2B5', 'int_parsing'],
    ['limit', '%205', 'int_parsing'],
    ['limit', '%D9%A5', 'int_parsing'],
    ['limit', '%zz', 'int_parsing'],
    ['skip', '', 'int_parsing'],
    ['skip', 'NaN', 'int_parsing'],
    ['skip', '-1', 'greater_than_equal'],
    ['skip', '1000000001', 'less_than_equal'],
    ['skip', '0.0', 'int_parsing'],
  ] as const) {
    it(`refuses ${name}=${value}`, async () => {
      const response = await get(`/api/hitl/invoices?${name}=${value}`);
      expect(response.status).to.equal(422);
      const [problem, ...others] = response.body.detail;
      expect(others).to.deep.equal([]);
      expect(problem).to.deep.include({ type, loc: ['query', name] });
      expect(problem.msg).to.match(new RegExp(`^${name}: `));
    });
  }

  it('refuses a limit or skip that is repeated, and lists both', async () => {
    const response = await get('/api/hitl/invoices?limit=5&limit=5&skip=1&skip=2');
    expect(response.status).to.equal(422);
    expect(response.body.detail.map((problem: Json) => problem.loc)).to.deep.equal([
      ['query', 'limit'],
      ['query', 'skip'],
    ]);
  });
});
