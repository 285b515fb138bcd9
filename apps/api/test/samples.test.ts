import Big from 'big.js';
import { expect } from 'chai';
import { extractionConfidence } from '../src/model/extraction-confidence.ts';
import { loadSamples, sampleInvoices } from '../src/samples/load-samples.ts';
import { get, handOver, type Json, stored, view } from './support/api.ts';
import { isolation } from './support/isolation.ts';
import { refuseInvoices } from './support/refusals.ts';

const samples: readonly Json[] = sampleInvoices;
const extracted = samples.filter((sample) => sample.processing_state !== 'PENDING');
const load = () => loadSamples(isolation.current().db, new Date());
const sum = (amounts: readonly string[]) => amounts.reduce((total, amount) => total.plus(amount), new Big(0));
const of = (value: string | undefined) => new Big(value ?? 0);

describe('the sample invoices', () => {
  for (const sample of extracted) {
    it(`${sample.id} adds up exactly`, () => {
      for (const line of sample.line_items) {
        expect(of(line.quantity).times(line.unit_price).eq(line.amount), `line ${line.line_number}`).to.equal(true);
      }
      const { subtotal, discount_amount, shipping_amount, handling_fee, tax_amount, total_amount } = sample;
      expect(sum(sample.line_items.map((line: Json) => line.amount)).eq(subtotal)).to.equal(true);

      const taxed = of(subtotal).minus(of(discount_amount)).plus(of(shipping_amount)).plus(of(handling_fee));
      for (const tax of ['gst', 'qst', 'pst', 'hst']) {
        expect(taxed.times(of(sample[`${tax}_rate`])).eq(of(sample[`${tax}_amount`])), tax).to.equal(true);
      }
      expect(sum(Object.values(sample.tax_breakdown)).eq(tax_amount)).to.equal(true);
      expect(taxed.plus(tax_amount).eq(total_amount)).to.equal(true);
    });

    it(`${sample.id} says how sure the extraction was`, () => {
      const entries = Object.entries<number>(sample.field_confidence);
      const confidence = new Map(entries.map(([name, value]): [string, string] => [name, String(value)]));
      expect(sample.extraction_confidence).to.equal(extractionConfidence(confidence));
      expect(entries.some(([, value]) => value < 0.75)).to.equal(true);
    });
  }

  it('are a dozen that differ', () => {
    expect(samples).to.have.length(12);
    const values = (key: string) => new Set(samples.map((sample) => sample[key]));
    expect(values('id')).to.have.property('size', 12);
    expect([...values('currency')]).to.include.members(['CAD', 'USD', 'EUR']);
    expect([...values('hst_rate')]).to.include.members(['0.13', '0.15']);
    expect([...values('qst_rate')]).to.include('0.09975');
    expect([...values('pst_rate')]).to.include('0.07');
    expect([...values('invoice_subtype')]).to.include.members(['SHIFT_SERVICE_INVOICE', 'PER_DIEM_TRAVEL_INVOICE']);
    expect([...values('invoice_type')]).to.include('Credit note');
    expect(extracted.some((sample) => sample.line_items.length === 40)).to.equal(true);
    expect(extracted.some((sample) => of(sample.total_amount).lt(0))).to.equal(true);
    expect(extracted).to.have.length(11);
  });
});

describe('loading the sample invoices', () => {
  it('fills an empty database, for all the API to see', async () => {
    expect(await load()).to.equal(12);
    expect((await get('/api/hitl/invoices')).body.total).to.equal(12);
    expect((await view('sample-maple-hardware')).line_items).to.have.length(40);
    expect(await stored('sample-boreale')).to.include({
      vendor_name: 'Fournitures Boréales inc.',
      qst_amount: '123.69',
    });
    expect(await stored('sample-pending-scan')).to.include({ processing_state: 'PENDING', status: 'processing' });
  });

  it('does nothing when there is an invoice, or for the second time', async () => {
    expect(await load()).to.equal(12);
    expect(await load()).to.equal(0);
  });

  it('leaves a database with other invoices alone', async () => {
    await handOver({ id: 'mine' });
    expect(await load()).to.equal(0);
    expect((await get('/api/hitl/invoices')).body.total).to.equal(1);
  });

  it('at the same moment happens once', async () => {
    expect((await Promise.all([load(), load(), load()])).sort()).to.deep.equal([0, 0, 12]);
  });

  it('loads all or none', async () => {
    await refuseInvoices(isolation.current().db, { when: ['id', String(sampleInvoices.at(-1)?.id)] });
    const failure = await load().catch((error) => error);
    expect(failure).to.be.instanceOf(Error);
    expect((await get('/api/hitl/invoices')).body.total).to.equal(0);
  });
});
