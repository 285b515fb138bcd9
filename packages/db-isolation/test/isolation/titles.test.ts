import { expect } from 'chai';
import { failure } from '../support/rejections.ts';
import { onEachEngine } from './each-engine.ts';

const TITLES = {
  'quotes of all kinds': `it's "quoted" \`twice\`; drop table note; -- $(exit 1) %s`,
  'any script': 'Ünïcödé 漢字 🙂 \u202e',
  'line breaks and characters that cannot be seen': 'first\nsecond\0\\third\x1b[31m',
  '10 kB': 'long '.repeat(2_000),
  nothing: '',
};

onEachEngine('the title of a test', (place) => {
  for (const [what, title] of Object.entries(TITLES)) {
    it(`may hold ${what}`, async () => {
      const isolation = place.isolation();
      const lease = await isolation.acquire({ title });
      await lease.db('note').insert({ text: 'mine' });
      const { kept = expect.fail('it was not kept') } = await lease.release({ failed: true });
      expect((await failure('DBI_STALE_LEASE', () => lease.db)).message).to.contain(`"${title}" has ended`);
      expect(kept.title).to.equal(title);
      expect(await place.notesIn(kept)).to.deep.equal(['from the template', 'mine']);
      await kept.discard();
    });
  }
});
